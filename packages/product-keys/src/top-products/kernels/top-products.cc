// The k largest products of each query [T, H, C] and its head's keys [H, n, C], packed before: some rows times some keys, and the best of those at once, while
// their products are in the cache.
#include <algorithm>
#include <vector>

#include <neverend/op.h>
#include <neverend/simd.h>
#include <neverend/threads.h>

#include "../../top-pairs/kernels/best.h"

namespace neverend {
namespace {

// The same functions for each generation of vector instructions.
struct Version {
  int64_t panel;
  void (*pack)(const float*, int64_t, int64_t, int64_t, int64_t, int64_t, float*);
  void (*timesPanel)(const float*, int64_t, int64_t, const float*, int64_t, int64_t, float*, int64_t,
                     bool);
};

#define NEVEREND_VERSION constexpr Version kVersion = {kPanel, packTransposedPanels, timesPanel};

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__)
#if NEVEREND_X86_LEVEL >= 4
#define NEVEREND_HAS_LEVEL_4
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4,prefer-vector-width=512")
namespace level4 {
#define NEVEREND_LANES 16
#define NEVEREND_TILE_ROWS 12
#include <neverend/packed-product.h>
#undef NEVEREND_LANES
#undef NEVEREND_TILE_ROWS
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
#define NEVEREND_TILE_ROWS 6
#include <neverend/packed-product.h>
#undef NEVEREND_LANES
#undef NEVEREND_TILE_ROWS
NEVEREND_VERSION
}  // namespace level3
#pragma GCC pop_options
#endif
#endif
namespace baseline {
#define NEVEREND_LANES 4
#define NEVEREND_TILE_ROWS 6
#include <neverend/packed-product.h>
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

// Cost of a multiplication and addition, in floats read and written, for `parallel`.
constexpr int64_t kProductsPerFloat = 32;
// Queries that go through all keys together, and the products of one of them that are made before the best are chosen.
constexpr int64_t kBlockRows = 48, kBlockKeys = 1024;

constexpr char kKeys[] = "keys must be [H, n, C]";

// Keys as `topProducts` wants them, [H, panels, C, columns of a panel].
void packKeys(Run& run) {
  const Tensor keys = run.input(0);
  if (!run.ok()) return;
  run.require(keys.rank() == 3, kKeys);
  if (!run.ok()) return;
  const int64_t heads = keys.dim(0), count = keys.dim(1), width = keys.dim(2);
  const int64_t panel = version().panel, panels = (count + panel - 1) / panel;
  const Tensor packed = run.output(0, {heads, panels, width, panel});
  if (!run.ok()) return;
  parallel(heads * panels, 2 * keys.size(), [&](int64_t begin, int64_t end, int) {
    for (int64_t at = begin; at < end; ++at) {
      const int64_t head = at / panels, one = at % panels;
      version().pack(keys.floats() + head * count * width, width, width, count, one, one + 1,
                     packed.floats() + head * panels * width * panel);
    }
  });
}

struct Search {
  const float *queries, *packed;
  // [H, n], or null.
  const float* bias;
  int64_t tokens, heads, width, count, panels, k;
  float* values;
  int32_t* items;
};

NEVEREND_VECTORISED void addRow(float* __restrict target, const float* __restrict row,
                                int64_t columns) {
  for (int64_t j = 0; j < columns; ++j) target[j] += row[j];
}

// What a thread works with: a block of queries, their products, and the best of each.
struct Scratch {
  std::vector<float> queries, products;
  std::vector<Best> best;
};

// The queries of the tokens from `begin` to `end`, at most a block of them, of one head.
void searchBlock(const Search& of, int64_t head, int64_t begin, int64_t end, Scratch& scratch) {
  const int64_t panel = version().panel, rows = end - begin;
  float *queries = scratch.queries.data(), *products = scratch.products.data();
  std::vector<Best>& best = scratch.best;
  // Heads lie between the queries of one, often a power of two of bytes apart: rows of a tile would push each other out of the cache.
  for (int64_t row = 0; row < rows; ++row) {
    const float* from = of.queries + ((begin + row) * of.heads + head) * of.width;
    std::copy(from, from + of.width, queries + row * of.width);
  }
  const float* packed = of.packed + head * of.panels * of.width * panel;
  // Rows that begin at the same place of each cache line's set would push each other out.
  const int64_t productStride = kBlockKeys + 16;
  for (int64_t row = 0; row < rows; ++row) best[row].begin(of.k);
  for (int64_t key = 0; key < of.count; key += kBlockKeys) {
    const int64_t keys = std::min(kBlockKeys, of.count - key);
    for (int64_t j = 0; j < keys; j += panel) {
      version().timesPanel(queries, of.width, rows, packed + (key + j) * of.width, of.width,
                           std::min(panel, keys - j), products + j, productStride, false);
    }
    for (int64_t row = 0; row < rows; ++row) {
      float* scores = products + row * productStride;
      if (of.bias != nullptr) addRow(scores, of.bias + head * of.count + key, keys);
      best[row].rank();
      offerRow(scores, keys, key, best[row]);
    }
  }
  for (int64_t row = 0; row < rows; ++row) {
    const std::vector<Entry>& sorted = best[row].sorted();
    const int64_t to = ((begin + row) * of.heads + head) * of.k;
    for (int64_t at = 0; at < of.k; ++at) {
      of.values[to + at] = sorted[at].score;
      of.items[to + at] = static_cast<int32_t>(sorted[at].item);
    }
  }
}

void topProducts(Run& run) {
  const int64_t k = run.attribute("k"), count = run.attribute("count");
  const bool biased = run.attribute("biased") != 0;
  const Tensor queries = run.input(0), packed = run.input(1), bias = run.input(2);
  if (!run.ok()) return;
  run.require(queries.rank() == 3, "queries must be [T, H, C]");
  run.require(packed.rank() == 4, "keys must be packed");
  if (!run.ok()) return;
  const int64_t tokens = queries.dim(0), heads = queries.dim(1), width = queries.dim(2);
  const int64_t panel = version().panel, panels = (count + panel - 1) / panel;
  run.require(packed.dim(0) == heads && packed.dim(1) == panels && packed.dim(2) == width &&
                  packed.dim(3) == panel,
              "keys must be packed for the heads and the width of queries");
  run.require(k > 0 && k <= count, "k must be from 1 to the number of keys");
  run.require(!biased || bias.size() == heads * count, "bias must be [H, n]");
  if (!run.ok()) return;
  const Tensor values = run.output(0, {tokens, heads, k});
  const Tensor items = run.output(1, {tokens, heads, k}, TF_INT32);
  if (!run.ok()) return;
  const Search of = {queries.floats(), packed.floats(), biased ? bias.floats() : nullptr,
                     tokens,           heads,           width,
                     count,            panels,          k,
                     values.floats(),  items.ints()};
  const int64_t blocks = (tokens + kBlockRows - 1) / kBlockRows;
  const int64_t cost = tokens * heads * count * (1 + width / kProductsPerFloat);
  parallel(heads * blocks, cost, [&](int64_t begin, int64_t end, int) {
    Scratch scratch = {std::vector<float>(kBlockRows * width),
                       std::vector<float>(kBlockRows * (kBlockKeys + 16)),
                       std::vector<Best>(kBlockRows)};
    for (int64_t at = begin; at < end; ++at) {
      const int64_t from = at % blocks * kBlockRows;
      searchBlock(of, at / blocks, from, std::min(tokens, from + kBlockRows), scratch);
    }
  });
}

const Ops ops{op<packKeys>("NeverendPackKeys", {"keys: float"}, {"packed: float"}),
              op<topProducts>("NeverendTopProducts",
                              {"queries: float", "packed: float", "bias: float"},
                              {"values: float", "items: int32"},
                              {"k: int", "count: int", "biased: bool"})};

}  // namespace

}  // namespace neverend
