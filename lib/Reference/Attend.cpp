//===- Attend.cpp - attention, pair by pair -------------------------------===//
//
//   s_ij = scale * q_i . k_j, or score(s_ij, i, j), or logits(i, j)
//   m = max_j s_ij over the pairs with s_ij != -inf
//   O_i = sum_j exp(s_ij - m) v_j / sum_j exp(s_ij - m)
//   LSE_i = m + ln sum_j exp(s_ij - m)
//
// A row without pairs gives O = 0, LSE = -inf (docs/language.md, S3). Ragged
// tokens are one such attend for each sequence (S6).
//
//===----------------------------------------------------------------------===//

#include "lib/Reference/Interpreter.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace effattn::reference {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A tensor as [B, H, N, D]: missing leading axes have length 1.
struct Heads {
  explicit Heads(const Tensor &tensor) : data(tensor.data.data()) {
    size_t rank = tensor.shape.size();
    auto length = [&](size_t fromRight) {
      return rank > fromRight ? tensor.shape[rank - 1 - fromRight] : 1;
    };
    channels = length(0);
    tokens = allTokens = length(1);
    heads = length(2);
    batch = length(3);
  }
  /// The tokens of one sequence.
  Heads(const Tensor &tensor, int64_t begin, int64_t count) : Heads(tensor) {
    data += begin * channels;
    tokens = count;
  }
  const double *row(int64_t b, int64_t h, int64_t token) const {
    int64_t ownBatch = batch == 1 ? 0 : b;
    return data + ((ownBatch * heads + h) * allTokens + token) * channels;
  }
  const double *data;
  int64_t batch, heads, tokens, allTokens, channels;
};

/// Sequential sum in the precision of the interpretation.
template <typename Real>
double dot(const double *a, const double *b, int64_t length) {
  Real sum = 0;
  for (int64_t d = 0; d < length; ++d)
    sum += static_cast<Real>(a[d]) * static_cast<Real>(b[d]);
  return sum;
}

struct RowState {
  const std::vector<int64_t> &columns;
  const std::vector<double> &logits;
};

/// Softmax of the logits times the values, in `Real` throughout.
template <typename Real>
double softmaxRow(const RowState &row, const Heads &values, int64_t b,
                  int64_t h, double *output) {
  Real greatest = -std::numeric_limits<Real>::infinity();
  bool any = false;
  for (double logit : row.logits) {
    if (logit == -infinity)
      continue;
    any = true;
    if (std::isnan(logit) || logit > greatest)
      greatest = std::isnan(greatest) ? greatest : static_cast<Real>(logit);
  }
  int64_t channels = values.channels;
  std::vector<Real> sums(channels, Real(0));
  if (!any) {
    std::fill(output, output + channels, 0.0);
    return -infinity;
  }
  Real total = 0;
  for (size_t k = 0; k < row.columns.size(); ++k) {
    if (row.logits[k] == -infinity)
      continue;
    Real weight = std::exp(static_cast<Real>(row.logits[k]) - greatest);
    total += weight;
    const double *value = values.row(b, h, row.columns[k]);
    for (int64_t d = 0; d < channels; ++d)
      sums[d] += weight * static_cast<Real>(value[d]);
  }
  for (int64_t d = 0; d < channels; ++d)
    output[d] = sums[d] / total;
  return greatest + std::log(total);
}

} // namespace

double Interpreter::tableValue(int number, std::vector<int64_t> indices,
                               Environment &environment) {
  const Tensor &table = values[number].tensors[0];
  const TensorType &type = kernel.values[number].types[0];
  for (size_t axis = 0; axis < indices.size(); ++axis) {
    int64_t begin = 0, size = table.shape[axis];
    if (type.isRagged() && static_cast<int>(axis) == type.tokenAxis) {
      std::vector<int64_t> cuts = cutsOf(type, size);
      size_t sequence = static_cast<size_t>(environment.variables.at("b"));
      begin = cuts[sequence];
      size = cuts[sequence + 1] - begin;
    }
    int64_t &index = indices[axis];
    if (index < 0 || index >= size)
      environment.outOfRange = true;
    index = std::clamp<int64_t>(index, 0, std::max<int64_t>(size - 1, 0));
    if (size == 0)
      return 0;
    index += begin;
  }
  return table.data.empty() ? 0 : table.data[offsetOf(table, indices)];
}

bool Interpreter::inSet(int number, int64_t index,
                        const Environment &environment) {
  const Tensor &set = values[number].tensors[0];
  size_t rank = set.shape.size();
  int64_t length = set.shape[rank - 1], first = 0;
  auto coordinate = [&](const char *name) {
    return static_cast<int64_t>(environment.variables.at(name));
  };
  if (rank == 2)
    first = coordinate(kernel.values[number].byBatch ? "b" : "h");
  if (rank >= 3)
    first = coordinate("b") * set.shape[rank - 2] + coordinate("h");
  auto begin = set.data.begin() + first * length;
  return std::binary_search(begin, begin + length, static_cast<double>(index));
}

/// Where sequences begin, and the end.
std::vector<int64_t> Interpreter::cutsOf(const TensorType &type,
                                         int64_t tokens) const {
  if (!type.isRagged())
    return {0, tokens};
  const Tensor &table = inputs.tensors.at(type.offsets);
  std::vector<int64_t> cuts(table.data.begin(), table.data.end());
  if (cuts.empty() || cuts.front() != 0 || cuts.back() != tokens ||
      !std::is_sorted(cuts.begin(), cuts.end()))
    throw Refused("the offsets '" + type.offsets +
                      "' do not ascend from 0 to the number of tokens",
                  kernel.offset);
  return cuts;
}

std::vector<Sequence>
Interpreter::sequencesOf(const ProgramValue &value) const {
  const Tensor &keys = operand(value, value.logits ? 0 : 1);
  int64_t keyCount = keys.shape[keys.shape.size() - 2];
  std::vector<int64_t> shape = resultShape(value, 0);
  int64_t queryCount = shape[shape.size() - 2];
  const TensorType &type = value.types[0];
  if (!type.isRagged())
    return {{0, 0, queryCount, 0, keyCount}};
  int keyValue = value.operands[1];
  std::vector<int64_t> queryCuts = cutsOf(type, queryCount),
                       keyCuts = cutsOf(kernel.values[keyValue].types.at(
                                            value.operandResults[1]),
                                        keyCount);
  if (queryCuts.size() != keyCuts.size())
    throw Refused("queries and keys have different numbers of sequences",
                  value.offset);
  std::vector<Sequence> sequences;
  for (size_t s = 0; s + 1 < queryCuts.size(); ++s)
    sequences.push_back({static_cast<int64_t>(s), queryCuts[s],
                         queryCuts[s + 1] - queryCuts[s], keyCuts[s],
                         keyCuts[s + 1] - keyCuts[s]});
  return sequences;
}

Environment Interpreter::environmentOf(const ProgramValue &value,
                                       const Sequence &sequence) {
  Environment environment;
  environment.dimensions = inputs.dimensions;
  environment.arguments = inputs.scalars;
  double keyCount = static_cast<double>(sequence.keys);
  double queryCount = static_cast<double>(sequence.queries);
  environment.variables = {{"N", queryCount},
                           {"M", keyCount},
                           {"q0", keyCount - queryCount},
                           {"b", static_cast<double>(sequence.number)}};
  if (value.q0)
    environment.variables["q0"] = evaluate(value.q0, environment);
  if (value.scale)
    environment.variables["scale"] = round(evaluate(value.scale, environment));
  return environment;
}

namespace {

/// The rows of one attend, one at a time.
class AttendRows {
public:
  AttendRows(const ProgramValue &value, Environment &environment,
             Precision precision, const Tensor *queryTensor,
             const Tensor *keyTensor, const Tensor &valueTensor,
             const Sequence &sequence,
             const std::function<bool(int)> &setVaries, VisiblePairs *pairs,
             int64_t keptAs)
      : value(value), environment(environment), precision(precision),
        pairs(pairs), keptAs(keptAs), sequence(sequence.number),
        values(valueTensor, sequence.firstKey, sequence.keys),
        score(value.logits ? value.logits : value.score),
        inside(value.pattern, environment),
        sameForAllHeads(!variesByHead(value.pattern, setVaries)) {
    if (queryTensor) {
      queries.emplace(*queryTensor, sequence.firstQuery, sequence.queries);
      keys.emplace(*keyTensor, sequence.firstKey, sequence.keys);
      scale = environment.variables.at("scale");
    }
    if (score)
      scoreAt.emplace(score, environment);
  }

  /// Output row and LSE of one query.
  double evaluateRow(int64_t batch, int64_t head, int64_t headCount,
                     int64_t query, double *output) {
    auto &variables = environment.variables;
    variables["b"] = static_cast<double>(batch);
    variables["h"] = static_cast<double>(head);
    if (!sameForAllHeads || columnsOf != query)
      findColumns(batch, head, query);
    int64_t keyHead = head * values.heads / headCount;
    logits.clear();
    for (int64_t key : columns)
      logits.push_back(logit(batch, head, keyHead, query, key));
    return precision == Precision::Float
               ? softmaxRow<float>({columns, logits}, values, batch, keyHead,
                                   output)
               : softmaxRow<double>({columns, logits}, values, batch, keyHead,
                                    output);
  }

private:
  void findColumns(int64_t batch, int64_t head, int64_t query) {
    columnsOf = query;
    if (keptAs < 0)
      return listColumns(query);
    if (sameForAllHeads)
      batch = head = 0;
    auto [kept, isNew] =
        pairs->keys.try_emplace({keptAs, sequence, batch, head, query});
    if (isNew) {
      listColumns(query);
      kept->second = columns;
    } else {
      columns = kept->second;
    }
  }

  void listColumns(int64_t query) {
    columns.clear();
    environment.variables["i"] = static_cast<double>(query);
    double &j = environment.variables["j"];
    for (int64_t key = 0; key < values.tokens; ++key) {
      j = static_cast<double>(key);
      environment.outOfRange = false;
      if (!inside.holds())
        continue;
      checkRange();
      columns.push_back(key);
    }
    if (!environment.problem.empty())
      throw Refused(environment.problem, value.offset);
  }

  double logit(int64_t batch, int64_t head, int64_t keyHead, int64_t query,
               int64_t key) {
    double scaled = 0;
    if (queries) {
      const double *q = queries->row(batch, head, query);
      const double *k = keys->row(batch, keyHead, key);
      scaled =
          precision == Precision::Float
              ? static_cast<float>(scale) * dot<float>(q, k, queries->channels)
              : scale * dot<double>(q, k, queries->channels);
      scaled = round(scaled);
    }
    if (!scoreAt)
      return scaled;
    environment.variables["i"] = static_cast<double>(query);
    environment.variables["j"] = static_cast<double>(key);
    environment.variables["s"] = scaled;
    environment.outOfRange = false;
    double result = round(scoreAt->value());
    checkRange();
    return result;
  }

  void checkRange() const {
    if (environment.outOfRange)
      throw Refused("a pair inside the pattern reads a table out of its range",
                    value.offset);
  }
  double round(double x) const {
    return precision == Precision::Float ? static_cast<float>(x) : x;
  }

  const ProgramValue &value;
  Environment &environment;
  Precision precision;
  VisiblePairs *pairs;
  int64_t keptAs, sequence; ///< -1: columns are not kept
  std::optional<Heads> queries, keys;
  Heads values;
  ScalarRef score;
  double scale = 1;
  std::optional<Evaluator> scoreAt;
  Membership inside;
  bool sameForAllHeads;
  int64_t columnsOf = -1;
  std::vector<int64_t> columns;
  std::vector<double> logits;
};

} // namespace

/// The number of an attend whose pairs are kept; -1: they are not.
int64_t Interpreter::keptAs(const ProgramValue &attend) const {
  const ProgramValue *first = kernel.values.data();
  if (!pairs || &attend < first || &attend >= first + kernel.values.size())
    return -1;
  bool isKept = true;
  forEachTable(attend.pattern, [&](int table) {
    const ProgramValue &read = kernel.values[table];
    ElementType element = read.types[0].element;
    isKept = isKept && read.op == TensorOp::Argument &&
             element != ElementType::F32 && element != ElementType::F16 &&
             element != ElementType::BF16;
  });
  return isKept ? &attend - first : -1;
}

void Interpreter::attendSequence(const ProgramValue &value,
                                 const Sequence &sequence, bool isRowLocal,
                                 ValueResults &result) {
  Environment environment = environmentOf(value, sequence);
  environment.table = [&](int number, const std::vector<int64_t> &indices) {
    return tableValue(number, indices, environment);
  };
  environment.inSet = [&](int number, int64_t index) {
    return inSet(number, index, environment);
  };
  bool hasQueries = !value.logits;
  AttendRows rows(
      value, environment, precision, hasQueries ? &operand(value, 0) : nullptr,
      hasQueries ? &operand(value, 1) : nullptr,
      operand(value, hasQueries ? 2 : 0), sequence,
      [&](int set) { return values[set].tensors[0].shape.size() > 1; }, pairs,
      keptAs(value));
  Tensor &output = result.tensors[0], &lse = result.tensors[1];
  Heads shape(output);
  for (int64_t query = 0; query < sequence.queries; ++query) {
    int64_t token = sequence.firstQuery + query;
    if (isRowLocal && !keep(token))
      continue;
    for (int64_t batch = 0; batch < shape.batch; ++batch)
      for (int64_t head = 0; head < shape.heads; ++head) {
        int64_t place = (batch * shape.heads + head) * shape.tokens + token;
        lse.data[place] = rows.evaluateRow(
            value.types[0].isRagged() ? sequence.number : batch, head,
            shape.heads, query, output.data.data() + place * shape.channels);
      }
  }
}

ValueResults Interpreter::attend(const ProgramValue &value, bool isRowLocal) {
  if (value.selectTop)
    throw Refused("the reference does not evaluate select = top yet",
                  value.offset);
  ValueResults result;
  result.tensors = {makeTensor(resultShape(value, 0), std::nan(""))};
  const std::vector<int64_t> &shape = result.tensors[0].shape;
  result.tensors.push_back(
      makeTensor({shape.begin(), shape.end() - 1}, std::nan("")));
  for (const Sequence &sequence : sequencesOf(value))
    attendSequence(value, sequence, isRowLocal, result);
  result.scale = largestFinite(operand(value, value.logits ? 0 : 2));
  return result;
}

/// O = sum_r exp(LSE_r - LSE) O_r; a part with LSE = -inf is not read.
ValueResults Interpreter::merge(const ProgramValue &value) {
  Tensor output = makeTensor(resultShape(value, 0), 0);
  std::vector<int64_t> lseShape(output.shape.begin(), output.shape.end() - 1);
  Tensor lse = makeTensor(lseShape, -infinity);
  int64_t channels = output.shape.back();
  for (size_t place = 0; place < lse.data.size(); ++place) {
    double greatest = -infinity, total = 0;
    auto partLse = [&](int part) {
      return values[part].tensors.at(1).data[place];
    };
    for (int part : value.operands)
      if (std::isnan(partLse(part)) || partLse(part) > greatest)
        greatest = std::isnan(greatest) ? greatest : partLse(part);
    if (greatest == -infinity)
      continue;
    for (int part : value.operands)
      if (partLse(part) != -infinity)
        total += std::exp(partLse(part) - greatest);
    lse.data[place] = round(greatest + std::log(total));
    for (int part : value.operands) {
      if (partLse(part) == -infinity)
        continue;
      double weight = std::exp(partLse(part) - lse.data[place]);
      for (int64_t d = 0; d < channels; ++d)
        output.data[place * channels + d] +=
            weight * values[part].tensors[0].data[place * channels + d];
    }
  }
  double scale = 0;
  for (int part : value.operands)
    scale = std::max(scale, values[part].scale);
  return {{std::move(output), std::move(lse)}, scale};
}

/// Parts with equal keys, values and score: a key in several parts counts once,
/// which is one attend over the union of the patterns.
ValueResults Interpreter::mergeOnce(const ProgramValue &value,
                                    bool isRowLocal) {
  ProgramValue whole = kernel.values[value.operands[0]];
  if (whole.op != TensorOp::Attend)
    throw Refused("the reference evaluates duplicates = once for attends only",
                  value.offset);
  for (size_t part = 1; part < value.operands.size(); ++part)
    whole.pattern = makePattern(
        PatternKind::Union, {},
        {whole.pattern, kernel.values[value.operands[part]].pattern});
  return attend(whole, isRowLocal);
}

ValueResults Interpreter::rows(const ProgramValue &value) {
  const ValueResults &then = values[value.operands[0]];
  ValueResults result = then;
  if (value.hasElse)
    result.scale = std::max(result.scale, values[value.operands[1]].scale);
  const Tensor &shapeTensor = then.tensors[0];
  size_t rank = shapeTensor.shape.size();
  int64_t tokens = shapeTensor.shape[rank - 2];
  int64_t heads = rank >= 3 ? shapeTensor.shape[rank - 3] : 1;
  std::vector<int64_t> cuts = cutsOf(value.types[0], tokens);
  Environment environment;
  for (size_t which = 0; which < result.tensors.size(); ++which) {
    Tensor &tensor = result.tensors[which];
    int64_t channels = which == 0 ? shapeTensor.shape.back() : 1;
    int64_t count = tensor.size() / std::max<int64_t>(channels, 1);
    for (int64_t place = 0; place < count; ++place) {
      int64_t token = place % tokens;
      auto sequence =
          std::upper_bound(cuts.begin(), cuts.end(), token) - cuts.begin() - 1;
      environment.variables["h"] = place / tokens % heads;
      environment.variables["b"] =
          value.types[0].isRagged() ? sequence : place / tokens / heads;
      if (inSet(value.set, token - cuts[sequence], environment))
        continue;
      for (int64_t d = 0; d < channels; ++d)
        tensor.data[place * channels + d] =
            value.hasElse ? values[value.operands[1]]
                                .tensors[which]
                                .data[place * channels + d]
            : which == 0  ? 0
                          : -infinity;
    }
  }
  return result;
}

} // namespace effattn::reference
