//===- CheckNames.cpp - scopes, reserved names and messages ---------------===//

#include "lib/Frontend/Checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace effattn::checking {

namespace {

const std::vector<std::string> patternNames = {
    "all",        "none",   "causal",   "window",  "stride",
    "same_block", "prefix", "segments", "blocks",  "random_blocks",
    "queries",    "keys",   "global",   "in_order"};

const std::vector<std::string> functionNames = {
    "attend", "merge", "column_sums",  "linear_attend", "abs",  "min",
    "max",    "clamp", "exp",          "log",           "sqrt", "tanh",
    "ceil",   "sort",  "block_raster", "column_major"};

/// Words of C23 and C++20, sorted.
constexpr std::string_view keywords[] = {"alignas",
                                         "alignof",
                                         "and",
                                         "and_eq",
                                         "asm",
                                         "auto",
                                         "bitand",
                                         "bitor",
                                         "bool",
                                         "break",
                                         "case",
                                         "catch",
                                         "char",
                                         "char16_t",
                                         "char32_t",
                                         "char8_t",
                                         "class",
                                         "co_await",
                                         "co_return",
                                         "co_yield",
                                         "compl",
                                         "concept",
                                         "const",
                                         "const_cast",
                                         "consteval",
                                         "constexpr",
                                         "constinit",
                                         "continue",
                                         "decltype",
                                         "default",
                                         "delete",
                                         "do",
                                         "double",
                                         "dynamic_cast",
                                         "else",
                                         "enum",
                                         "explicit",
                                         "export",
                                         "extern",
                                         "false",
                                         "float",
                                         "for",
                                         "friend",
                                         "goto",
                                         "if",
                                         "inline",
                                         "int",
                                         "long",
                                         "mutable",
                                         "namespace",
                                         "new",
                                         "noexcept",
                                         "not",
                                         "not_eq",
                                         "nullptr",
                                         "operator",
                                         "or",
                                         "or_eq",
                                         "private",
                                         "protected",
                                         "public",
                                         "register",
                                         "reinterpret_cast",
                                         "requires",
                                         "restrict",
                                         "return",
                                         "short",
                                         "signed",
                                         "sizeof",
                                         "static",
                                         "static_assert",
                                         "static_cast",
                                         "struct",
                                         "switch",
                                         "template",
                                         "this",
                                         "thread_local",
                                         "throw",
                                         "true",
                                         "try",
                                         "typedef",
                                         "typeid",
                                         "typename",
                                         "typeof",
                                         "typeof_unqual",
                                         "union",
                                         "unsigned",
                                         "using",
                                         "virtual",
                                         "void",
                                         "volatile",
                                         "wchar_t",
                                         "while",
                                         "xor",
                                         "xor_eq"};

/// Functions and objects of the C library and of POSIX that programs link,
/// and `main`, sorted.
constexpr std::string_view libraryNames[] = {"abort",
                                             "abs",
                                             "accept",
                                             "access",
                                             "acos",
                                             "acosh",
                                             "alarm",
                                             "aligned_alloc",
                                             "asin",
                                             "asinh",
                                             "assert",
                                             "atan",
                                             "atan2",
                                             "atanh",
                                             "atexit",
                                             "atof",
                                             "atoi",
                                             "atol",
                                             "atoll",
                                             "basename",
                                             "bind",
                                             "brk",
                                             "bsearch",
                                             "calloc",
                                             "cbrt",
                                             "ceil",
                                             "chdir",
                                             "chmod",
                                             "chown",
                                             "clearerr",
                                             "clock",
                                             "close",
                                             "closedir",
                                             "connect",
                                             "copysign",
                                             "cos",
                                             "cosh",
                                             "creat",
                                             "ctime",
                                             "difftime",
                                             "dirname",
                                             "div",
                                             "dlclose",
                                             "dlopen",
                                             "dlsym",
                                             "dup",
                                             "dup2",
                                             "environ",
                                             "erf",
                                             "erfc",
                                             "errno",
                                             "exec",
                                             "execl",
                                             "execv",
                                             "execve",
                                             "exit",
                                             "exp",
                                             "exp10",
                                             "exp2",
                                             "expm1",
                                             "fabs",
                                             "fclose",
                                             "fcntl",
                                             "fdim",
                                             "fdopen",
                                             "feof",
                                             "ferror",
                                             "fflush",
                                             "fgetc",
                                             "fgets",
                                             "fileno",
                                             "floor",
                                             "fma",
                                             "fmax",
                                             "fmin",
                                             "fmod",
                                             "fopen",
                                             "fork",
                                             "fprintf",
                                             "fputc",
                                             "fputs",
                                             "fread",
                                             "free",
                                             "freopen",
                                             "frexp",
                                             "fscanf",
                                             "fseek",
                                             "fstat",
                                             "fsync",
                                             "ftell",
                                             "ftruncate",
                                             "fwrite",
                                             "gamma",
                                             "getc",
                                             "getchar",
                                             "getenv",
                                             "getopt",
                                             "getpid",
                                             "gets",
                                             "getuid",
                                             "gmtime",
                                             "hypot",
                                             "ilogb",
                                             "index",
                                             "ioctl",
                                             "isalnum",
                                             "isalpha",
                                             "isatty",
                                             "isdigit",
                                             "isfinite",
                                             "isinf",
                                             "isnan",
                                             "isspace",
                                             "j0",
                                             "j1",
                                             "jn",
                                             "kill",
                                             "labs",
                                             "ldexp",
                                             "lgamma",
                                             "link",
                                             "listen",
                                             "llabs",
                                             "llrint",
                                             "llround",
                                             "localtime",
                                             "log",
                                             "log10",
                                             "log1p",
                                             "log2",
                                             "logb",
                                             "longjmp",
                                             "lrint",
                                             "lround",
                                             "lseek",
                                             "main",
                                             "malloc",
                                             "mblen",
                                             "memchr",
                                             "memcmp",
                                             "memcpy",
                                             "memmove",
                                             "memset",
                                             "mkdir",
                                             "mktime",
                                             "mmap",
                                             "modf",
                                             "mprotect",
                                             "munmap",
                                             "nan",
                                             "nanosleep",
                                             "nearbyint",
                                             "nextafter",
                                             "nice",
                                             "open",
                                             "opendir",
                                             "pause",
                                             "perror",
                                             "pipe",
                                             "poll",
                                             "pow",
                                             "printf",
                                             "pthread_create",
                                             "putc",
                                             "putchar",
                                             "putenv",
                                             "puts",
                                             "qsort",
                                             "raise",
                                             "rand",
                                             "random",
                                             "read",
                                             "readdir",
                                             "readlink",
                                             "realloc",
                                             "recv",
                                             "remainder",
                                             "remove",
                                             "rename",
                                             "rewind",
                                             "rindex",
                                             "rint",
                                             "rmdir",
                                             "round",
                                             "sbrk",
                                             "scalbn",
                                             "scanf",
                                             "select",
                                             "send",
                                             "setbuf",
                                             "setenv",
                                             "setjmp",
                                             "shutdown",
                                             "signal",
                                             "signbit",
                                             "sin",
                                             "sinh",
                                             "sleep",
                                             "snprintf",
                                             "socket",
                                             "sprintf",
                                             "sqrt",
                                             "srand",
                                             "srandom",
                                             "sscanf",
                                             "stat",
                                             "stderr",
                                             "stdin",
                                             "stdout",
                                             "strcat",
                                             "strchr",
                                             "strcmp",
                                             "strcpy",
                                             "strdup",
                                             "strerror",
                                             "strlen",
                                             "strncat",
                                             "strncmp",
                                             "strncpy",
                                             "strrchr",
                                             "strstr",
                                             "strtod",
                                             "strtol",
                                             "symlink",
                                             "sync",
                                             "syscall",
                                             "sysconf",
                                             "system",
                                             "tan",
                                             "tanh",
                                             "tgamma",
                                             "time",
                                             "tmpfile",
                                             "tolower",
                                             "toupper",
                                             "trunc",
                                             "truncate",
                                             "umask",
                                             "uname",
                                             "ungetc",
                                             "unlink",
                                             "usleep",
                                             "vfork",
                                             "vprintf",
                                             "wait",
                                             "waitpid",
                                             "write",
                                             "y0",
                                             "y1",
                                             "yn"};

template <typename Range>
bool holds(const Range &names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

} // namespace

bool isBuiltinPattern(std::string_view name) {
  return holds(patternNames, name);
}

bool isBuiltinFunction(std::string_view name) {
  return holds(functionNames, name);
}

bool isBuiltinName(std::string_view name) {
  const Step *step = findStep(name);
  return isBuiltinPattern(name) || isBuiltinFunction(name) ||
         (step && name == step->spelling);
}

const std::vector<std::string> &builtinNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all = patternNames;
    all.insert(all.end(), functionNames.begin(), functionNames.end());
    for (const Step &step : steps())
      if (std::string_view(step.name) == step.spelling)
        all.push_back(step.name);
    return all;
  }();
  return names;
}

bool isKeyword(std::string_view name) { return holds(keywords, name); }
bool isLibraryName(std::string_view name) { return holds(libraryNames, name); }

Diagnostic &Checker::error(ast::SourceRange range, std::string text) {
  Diagnostic &diagnostic = diagnostics.error(range, std::move(text));
  for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame)
    if (frame->use.begin >= 0)
      diagnostic.note(frame->use, fmt::format("in this use of '{}'",
                                              frame->definition->name.text));
  return diagnostic;
}

std::string Checker::describe(const Value &value) const {
  switch (value.kind) {
  case Value::Poison:
    return "nothing";
  case Value::Scalar:
    switch (value.scalar->type) {
    case ScalarType::Bool:
      return "a condition";
    case ScalarType::Int:
      return "an integer";
    case ScalarType::Float:
      return "a float";
    }
    return {};
  case Value::Tensor:
    // A value that a constant 'if' did not choose is gone.
    return value.number < static_cast<int>(kernel.values.size())
               ? "a tensor " + toString(typeOf(value))
               : "a tensor";
  case Value::Set:
    return "an index set";
  case Value::Pattern:
    return "a pattern";
  case Value::Order:
    return "an order";
  }
  return {};
}

const Binding *Checker::lookUp(std::string_view name) const {
  for (const Scope *scope = context.scope; scope; scope = scope->parent) {
    auto found = scope->names.find(name);
    if (found != scope->names.end())
      return &found->second;
  }
  return nullptr;
}

std::vector<std::string> Checker::visibleNames() const {
  std::vector<std::string> names;
  for (const Scope *scope = context.scope; scope; scope = scope->parent)
    for (const auto &entry : scope->names)
      names.push_back(entry.first);
  for (const auto &entry : definitions)
    names.emplace_back(entry.first);
  for (const auto &entry : dimensionRanges)
    names.emplace_back(entry.first);
  if (context.hasSizes)
    names.insert(names.end(), {"N", "M"});
  return names;
}

bool Checker::checkNewName(const ast::Identifier &name, std::string_view what) {
  if (name.empty())
    return false;
  const std::string &text = name.text;
  if (text == "b" || text == "h" || text == "i" || text == "j") {
    const char *meaning = text == "b"   ? "batch"
                          : text == "h" ? "query head"
                          : text == "i" ? "query's index"
                                        : "key's index";
    error(name.range, fmt::format("'{}' is reserved for the {} and cannot name "
                                  "{}",
                                  text, meaning, what));
    return false;
  }
  if (text == "all" || text == "none" || text == "causal") {
    error(name.range,
          fmt::format("'{}' is a built-in pattern and cannot name {}", text,
                      what));
    return false;
  }
  if ((text == "N" || text == "M") && what != "a param") {
    error(name.range,
          fmt::format("'{}' is the number of {} in patterns and cannot name {}",
                      text, text == "N" ? "queries" : "keys", what));
    return false;
  }
  return true;
}

void Checker::declare(Scope &scope, const ast::Identifier &name, Value value,
                      std::string_view what) {
  if (!checkNewName(name, what))
    return;
  const ast::SourceRange *first = nullptr;
  if (auto found = scope.names.find(name.text); found != scope.names.end())
    first = &found->second.range;
  // Within a kernel a name means one thing; binders of inner blocks hide.
  bool isOuter = &scope == &fileScope || scope.parent == &fileScope;
  if (isOuter && frames.empty()) {
    auto param = fileScope.names.find(name.text);
    auto definition = definitions.find(name.text);
    if (param != fileScope.names.end())
      first = &param->second.range;
    else if (definition != definitions.end())
      first = &definition->second->name.range;
    else if (auto found = dimensionRanges.find(name.text);
             found != dimensionRanges.end())
      first = &found->second;
  }
  if (first) {
    error(name.range, fmt::format("'{}' is already declared", name.text))
        .note(*first, "declared here first");
    return;
  }
  scope.names[name.text] = {std::move(value), name.range};
}

void Checker::noteDimensions(Diagnostic &diagnostic, const ScalarRef &a,
                             const ScalarRef &b) const {
  for (const ScalarRef &side : {a, b}) {
    if (side->kind != ScalarKind::Dimension)
      continue;
    auto found = dimensionRanges.find(side->name);
    if (found != dimensionRanges.end())
      diagnostic.note(found->second,
                      fmt::format("dimension '{}' is bound here", side->name));
  }
}

} // namespace effattn::checking
