//===- CheckWords.cpp - names that have a meaning already -----------------===//

#include "lib/Frontend/CheckValue.h"
#include "lib/Frontend/Steps.h"

#include <algorithm>

namespace effattn::checking {

namespace {

// clang-format off
const std::vector<std::string> patternNames = {
    "all", "none", "causal", "window", "stride", "same_block", "prefix",
    "segments", "blocks", "random_blocks", "queries", "keys", "global",
    "in_order"};
// clang-format on

// clang-format off
const std::vector<std::string> functionNames = {
    "attend", "merge", "column_sums", "linear_attend", "abs", "min", "max",
    "clamp", "exp", "log", "sqrt", "tanh", "ceil", "sort", "block_raster",
    "column_major"};
// clang-format on

/// Words of C23 and C++20, sorted.
// clang-format off
constexpr std::string_view keywords[] = {
    "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor",
    "bool", "break", "case", "catch", "char", "char16_t", "char32_t",
    "char8_t", "class", "co_await", "co_return", "co_yield", "compl",
    "concept", "const", "const_cast", "consteval", "constexpr", "constinit",
    "continue", "decltype", "default", "delete", "do", "double",
    "dynamic_cast", "else", "enum", "explicit", "export", "extern", "false",
    "float", "for", "friend", "goto", "if", "inline", "int", "long",
    "mutable", "namespace", "new", "noexcept", "not", "not_eq", "nullptr",
    "operator", "or", "or_eq", "private", "protected", "public", "register",
    "reinterpret_cast", "requires", "restrict", "return", "short", "signed",
    "sizeof", "static", "static_assert", "static_cast", "struct", "switch",
    "template", "this", "thread_local", "throw", "true", "try", "typedef",
    "typeid", "typename", "typeof", "typeof_unqual", "union", "unsigned",
    "using", "virtual", "void", "volatile", "wchar_t", "while", "xor",
    "xor_eq"};
// clang-format on

/// Functions and objects of the C library and of POSIX that programs link,
/// and `main`, sorted.
// clang-format off
constexpr std::string_view libraryNames[] = {
    "abort", "abs", "accept", "access", "acos", "acosh", "alarm",
    "aligned_alloc", "asin", "asinh", "assert", "atan", "atan2", "atanh",
    "atexit", "atof", "atoi", "atol", "atoll", "basename", "bind", "brk",
    "bsearch", "calloc", "cbrt", "ceil", "chdir", "chmod", "chown",
    "clearerr", "clock", "close", "closedir", "connect", "copysign", "cos",
    "cosh", "creat", "ctime", "difftime", "dirname", "div", "dlclose",
    "dlopen", "dlsym", "dup", "dup2", "environ", "erf", "erfc", "errno",
    "exec", "execl", "execv", "execve", "exit", "exp", "exp10", "exp2",
    "expm1", "fabs", "fclose", "fcntl", "fdim", "fdopen", "feof", "ferror",
    "fflush", "fgetc", "fgets", "fileno", "floor", "fma", "fmax", "fmin",
    "fmod", "fopen", "fork", "fprintf", "fputc", "fputs", "fread", "free",
    "freopen", "frexp", "fscanf", "fseek", "fstat", "fsync", "ftell",
    "ftruncate", "fwrite", "gamma", "getc", "getchar", "getenv", "getopt",
    "getpid", "gets", "getuid", "gmtime", "hypot", "ilogb", "index", "ioctl",
    "isalnum", "isalpha", "isatty", "isdigit", "isfinite", "isinf", "isnan",
    "isspace", "j0", "j1", "jn", "kill", "labs", "ldexp", "lgamma", "link",
    "listen", "llabs", "llrint", "llround", "localtime", "log", "log10",
    "log1p", "log2", "logb", "longjmp", "lrint", "lround", "lseek", "main",
    "malloc", "mblen", "memchr", "memcmp", "memcpy", "memmove", "memset",
    "mkdir", "mktime", "mmap", "modf", "mprotect", "munmap", "nan",
    "nanosleep", "nearbyint", "nextafter", "nice", "open", "opendir", "pause",
    "perror", "pipe", "poll", "pow", "printf", "pthread_create", "putc",
    "putchar", "putenv", "puts", "qsort", "raise", "rand", "random", "read",
    "readdir", "readlink", "realloc", "recv", "remainder", "remove", "rename",
    "rewind", "rindex", "rint", "rmdir", "round", "sbrk", "scalbn", "scanf",
    "select", "send", "setbuf", "setenv", "setjmp", "shutdown", "signal",
    "signbit", "sin", "sinh", "sleep", "snprintf", "socket", "sprintf",
    "sqrt", "srand", "srandom", "sscanf", "stat", "stderr", "stdin", "stdout",
    "strcat", "strchr", "strcmp", "strcpy", "strdup", "strerror", "strlen",
    "strncat", "strncmp", "strncpy", "strrchr", "strstr", "strtod", "strtol",
    "symlink", "sync", "syscall", "sysconf", "system", "tan", "tanh",
    "tgamma", "time", "tmpfile", "tolower", "toupper", "trunc", "truncate",
    "umask", "uname", "ungetc", "unlink", "usleep", "vfork", "vprintf",
    "wait", "waitpid", "write", "y0", "y1", "yn"};
// clang-format on

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

} // namespace effattn::checking
