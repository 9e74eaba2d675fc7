// Scaled dot-product attention (arXiv 1706.03762) of q [..., M, H, d], k [..., N, H, d] and v [..., N, H, e] where they
// lie; what comes first are rows. A thread has the scores of one block of queries in memory at a time, as much as fits into the second-level cache.
#include <algorithm>
#include <vector>

#include <neverend/op.h>
#include <neverend/simd.h>
#include <neverend/threads.h>

namespace neverend {
namespace {

// Queries of a block, and floats of its scores; a block has six queries at least, the rows of a tile.
constexpr int64_t kMaxBlock = 48;
constexpr int64_t kBlockScores = 98304;

struct Attention {
  int64_t rows, queries, keys, heads, depth, valueDepth;
  const float *q, *k, *v, *mask, *dy;
  float *y, *dq, *dk, *dv;
  // How far apart the mask's numbers are along its axes; 0 where it has one.
  int64_t maskRow, maskHead, maskQuery, maskKey;
  float scale;
  bool masked;
  // How many keys after its own number a query sees.
  int64_t causalOffset;
  // A weight is dropped where its 24 random bits are below the threshold; others are multiplied by `kept`.
  uint32_t threshold;
  float kept;
  uint32_t keyLow, keyHigh;
  // How many queries a block has.
  int64_t block;

  int64_t blocks() const { return (queries + block - 1) / block; }
  int64_t queryAt(int64_t row, int64_t head, int64_t i) const {
    return ((row * queries + i) * heads + head) * depth;
  }
  int64_t keyAt(int64_t row, int64_t head) const { return (row * keys * heads + head) * depth; }
  int64_t valueAt(int64_t row, int64_t head) const {
    return (row * keys * heads + head) * valueDepth;
  }
  int64_t outAt(int64_t row, int64_t head, int64_t i) const {
    return ((row * queries + i) * heads + head) * valueDepth;
  }
};

// Philox4x32-10 (Salmon et al., SC 2011): the four words of a block of random bits.
void philox(uint64_t block, uint32_t keyLow, uint32_t keyHigh, uint32_t words[4]) {
  uint32_t c0 = static_cast<uint32_t>(block), c1 = static_cast<uint32_t>(block >> 32), c2 = 0, c3 = 0;
  for (int round = 0; round < 10; ++round) {
    const uint64_t first = uint64_t{0xd2511f53} * c0, second = uint64_t{0xcd9e8d57} * c2;
    const uint32_t c1Before = c1, c3Before = c3;
    c0 = static_cast<uint32_t>(second >> 32) ^ c1Before ^ keyLow;
    c1 = static_cast<uint32_t>(second);
    c2 = static_cast<uint32_t>(first >> 32) ^ c3Before ^ keyHigh;
    c3 = static_cast<uint32_t>(first);
    keyLow += 0x9e3779b9;
    keyHigh += 0xbb67ae85;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

// The same functions for each generation of vector instructions.
struct Version {
  int64_t (*forwardScratch)(const Attention&);
  void (*forwardBlocks)(const Attention&, int64_t, int64_t, float*);
  int64_t (*backwardScratch)(const Attention&);
  void (*backwardHeads)(const Attention&, int64_t, int64_t, float*);
};

#define NEVEREND_VERSION \
  constexpr Version kVersion = {forwardScratch, forwardBlocks, backwardScratch, backwardHeads};

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__)
#if NEVEREND_X86_LEVEL >= 4
#define NEVEREND_HAS_LEVEL_4
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4,prefer-vector-width=512")
namespace level4 {
#define NEVEREND_LANES 16
#define NEVEREND_VECTORS 4
#include "products.h"
#include "attention-heads.h"
#undef NEVEREND_LANES
#undef NEVEREND_VECTORS
NEVEREND_VERSION
}  // namespace level4
#pragma GCC pop_options
#endif
#if NEVEREND_X86_LEVEL >= 3
#define NEVEREND_HAS_LEVEL_3
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v3")
namespace level3 {
#define NEVEREND_LANES 8
#define NEVEREND_VECTORS 2
#include "products.h"
#include "attention-heads.h"
#undef NEVEREND_LANES
#undef NEVEREND_VECTORS
NEVEREND_VERSION
}  // namespace level3
#pragma GCC pop_options
#endif
#endif
namespace baseline {
#define NEVEREND_LANES 4
#define NEVEREND_VECTORS 2
#include "products.h"
#include "attention-heads.h"
NEVEREND_VERSION
}  // namespace baseline

const Version& version() {
#ifdef NEVEREND_HAS_LEVEL_4
  if (__builtin_cpu_supports("x86-64-v4")) return level4::kVersion;
#endif
#ifdef NEVEREND_HAS_LEVEL_3
  if (__builtin_cpu_supports("x86-64-v3")) return level3::kVersion;
#endif
  return baseline::kVersion;
}

// Memory that starts with a cache line, so that a vector is never in two.
class AlignedFloats {
 public:
  explicit AlignedFloats(int64_t size) : floats_(size + kLine) {}
  float* data() const {
    const uintptr_t start = reinterpret_cast<uintptr_t>(floats_.data());
    return reinterpret_cast<float*>((start + kLine * 4 - 1) / (kLine * 4) * (kLine * 4));
  }

 private:
  static constexpr int64_t kLine = 16;
  std::vector<float> floats_;
};

// Cost of a multiplication and addition, in floats read and written, for `parallel`.
constexpr int64_t kProductsPerFloat = 32;

// The inputs q, k, v, mask, settings from `first` on. Settings: the bits of scale, masked, causalOffset, threshold, the
// bits of kept, and the halves of the dropout's key.
struct Inputs {
  Tensor q, k, v, mask, settings;
};

Inputs inputsOf(Run& run, int first) {
  return {run.input(first), run.input(first + 1), run.input(first + 2), run.input(first + 3),
          run.input(first + 4)};
}

Attention attentionOf(Run& run, const Inputs& inputs) {
  Attention of = {};
  const auto& [q, k, v, mask, settings] = inputs;
  if (!run.ok()) return of;
  const int axes = q.rank();
  run.require(axes >= 4 && k.rank() == axes && v.rank() == axes && mask.rank() == 4,
              "q, k and v must have four axes or more, and mask four");
  run.require(settings.size() == 7, "settings must be seven numbers");
  if (!run.ok()) return of;
  of.queries = q.dim(axes - 3), of.heads = q.dim(axes - 2), of.depth = q.dim(axes - 1);
  of.keys = k.dim(axes - 3), of.valueDepth = v.dim(axes - 1), of.rows = 1;
  for (int axis = 0; axis < axes - 3; ++axis) of.rows *= q.dim(axis);
  std::vector<int64_t> expected = q.shape();
  expected[axes - 3] = of.keys;
  run.require(k.shape() == expected, "k must be [..., N, H, d]");
  expected[axes - 1] = of.valueDepth;
  run.require(v.shape() == expected, "v must be [..., N, H, e]");
  run.require(q.size() > 0 && v.size() > 0, "q, k and v must not be empty");
  const int64_t full[4] = {of.rows, of.heads, of.queries, of.keys};
  int64_t *const steps[4] = {&of.maskRow, &of.maskHead, &of.maskQuery, &of.maskKey}, step = 1;
  for (int axis = 3; axis >= 0; --axis) {
    const int64_t size = mask.dim(axis);
    run.require(size == 1 || size == full[axis], "mask must broadcast to [rows, H, M, N]");
    *steps[axis] = size == 1 ? 0 : step;
    step *= size;
  }
  of.q = q.floats(), of.k = k.floats(), of.v = v.floats(), of.mask = mask.floats();
  const int32_t* numbers = settings.ints();
  of.scale = __builtin_bit_cast(float, numbers[0]);
  of.masked = numbers[1] != 0, of.causalOffset = numbers[2];
  of.threshold = numbers[3], of.kept = __builtin_bit_cast(float, numbers[4]);
  of.keyLow = numbers[5], of.keyHigh = numbers[6];
  of.block = std::max<int64_t>(6, std::min(kMaxBlock, kBlockScores / of.keys / 6 * 6));
  return of;
}

void attention(Run& run) {
  const Inputs inputs = inputsOf(run, 0);
  Attention of = attentionOf(run, inputs);
  if (!run.ok()) return;
  std::vector<int64_t> shape = inputs.q.shape();
  shape.back() = of.valueDepth;
  const Tensor y = run.output(0, shape);
  if (!run.ok()) return;
  of.y = y.floats();
  const int64_t units = of.rows * of.heads * of.blocks();
  const int64_t products = of.rows * of.heads * of.queries * of.keys * (of.depth + of.valueDepth);
  parallel(units, products / kProductsPerFloat, [&](int64_t begin, int64_t end, int) {
    const AlignedFloats scratch(version().forwardScratch(of));
    version().forwardBlocks(of, begin, end, scratch.data());
  });
}

void attentionGrad(Run& run) {
  const Tensor dy = run.input(0);
  const Inputs inputs = inputsOf(run, 1);
  Attention of = attentionOf(run, inputs);
  if (!run.ok()) return;
  run.require(dy.size() == of.rows * of.queries * of.heads * of.valueDepth,
              "dy must be [..., M, H, e]");
  if (!run.ok()) return;
  const Tensor dq = run.output(0, inputs.q.shape()), dk = run.output(1, inputs.k.shape());
  const Tensor dv = run.output(2, inputs.v.shape());
  if (!run.ok()) return;
  of.dy = dy.floats(), of.dq = dq.floats(), of.dk = dk.floats(), of.dv = dv.floats();
  const int64_t heads = of.rows * of.heads;
  const int64_t products = heads * of.queries * of.keys * (3 * of.depth + 2 * of.valueDepth);
  parallel(heads, products / kProductsPerFloat, [&](int64_t begin, int64_t end, int) {
    const AlignedFloats scratch(version().backwardScratch(of));
    version().backwardHeads(of, begin, end, scratch.data());
  });
}

const Ops ops = [] {
  const char *q = "q: float", *k = "k: float", *v = "v: float", *mask = "mask: float";
  const char* settings = "settings: int32";
  return Ops{op<attention>("NeverendAttention", {q, k, v, mask, settings}, {"y: float"}),
             op<attentionGrad>("NeverendAttentionGrad", {"dy: float", q, k, v, mask, settings},
                               {"dq: float", "dk: float", "dv: float"})};
}();

}  // namespace

}  // namespace neverend
