// A linear layer, y = act(x w + bias) + residual, with weights w [depth, columns] that were packed before (Goto and van de
// Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34, 2008). The last axes of x that hold `depth` numbers are the
// columns of a matrix, and those of bias take their place in y.
#include <algorithm>
#include <memory>
#include <vector>

#include <neverend/op.h>
#include <neverend/simd.h>
#include <neverend/threads.h>

#include "../../gelu/kernels/share.h"

namespace neverend {
namespace {

struct Linear {
  const float *x, *packed, *bias, *residual;
  float* y;
  int64_t rows, depth, columns;
  bool gelu;
};

struct Range {
  int64_t begin, end;
};

// The same functions for each generation of vector instructions.
struct Version {
  int64_t panel, tileRows;
  void (*packPanels)(const float*, int64_t, int64_t, int64_t, int64_t, int64_t, float*);
  int64_t (*scratchSize)(const Linear&);
  void (*linearPart)(const Linear&, Range, Range, float*);
};

#define NEVEREND_VERSION \
  constexpr Version kVersion = {kPanel, kTileRows, packPanels, scratchSize, linearPart};

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__)
#if NEVEREND_X86_LEVEL >= 4
#define NEVEREND_HAS_LEVEL_4
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4,prefer-vector-width=512")
namespace level4 {
#define NEVEREND_LANES 16
#define NEVEREND_TILE_ROWS 12
#include <neverend/packed-product.h>
#include "linear-part.h"
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
#include "linear-part.h"
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
#include "linear-part.h"
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

int64_t divideUp(int64_t size, int64_t by) { return (size + by - 1) / by; }

// Weights as `linear` wants them, [panels, depth, columns of a panel].
void packLinear(void*, TF_OpKernelContext* context) {
  Run run(context);
  const Tensor w = run.input(0), bias = run.input(1);
  if (!run.ok()) return;
  run.require(bias.size() > 0 && w.size() % bias.size() == 0, "the axes of bias must end those of w");
  if (!run.ok()) return;
  const int64_t columns = bias.size(), depth = w.size() / columns;
  const int64_t panel = version().panel, panels = divideUp(columns, panel);
  const Tensor packed = run.output(0, {panels, depth, panel});
  if (!run.ok()) return;
  parallel(panels, 2 * w.size(), [&](int64_t begin, int64_t end, int) {
    version().packPanels(w.floats(), columns, depth, columns, begin, end, packed.floats());
  });
}

struct Attributes {
  // How many last axes of x are the columns of the matrix.
  int64_t axes;
  bool gelu, adds;
};

// The shape of y: the axes of x but the last, which hold `depth` numbers, and those of bias.
std::vector<int64_t> outputShape(Run& run, const Tensor& x, const Tensor& bias, int64_t axes,
                                 int64_t depth) {
  std::vector<int64_t> shape = x.shape();
  int64_t inner = 1;
  for (; axes > 0 && !shape.empty(); --axes) {
    inner *= shape.back();
    shape.pop_back();
  }
  run.require(inner == depth, "the last axes of x must hold as many numbers as w has rows");
  const std::vector<int64_t> units = bias.shape();
  shape.insert(shape.end(), units.begin(), units.end());
  return shape;
}

void linear(void* state, TF_OpKernelContext* context) {
  Run run(context);
  const auto& [axes, gelu, adds] = *static_cast<Attributes*>(state);
  const Tensor x = run.input(0), packed = run.input(1), bias = run.input(2), residual = run.input(3);
  if (!run.ok()) return;
  run.require(packed.rank() == 3 && packed.dim(2) == version().panel &&
                  packed.dim(0) == divideUp(bias.size(), version().panel),
              "w must be packed for as many columns as bias has");
  if (!run.ok()) return;
  const int64_t depth = packed.dim(1), columns = bias.size(), rows = x.size() / depth;
  const std::vector<int64_t> shape = outputShape(run, x, bias, axes, depth);
  run.require(!adds || residual.size() == rows * columns, "residual must have the size of y");
  if (!run.ok()) return;
  const Tensor y = run.output(0, shape);
  if (!run.ok()) return;
  const Linear of{x.floats(), packed.floats(), bias.floats(), adds ? residual.floats() : nullptr,
                  y.floats(), rows, depth, columns, gelu};
  const int64_t cost = rows * depth * columns / kProductsPerFloat;
  const int64_t panels = packed.dim(0), tiles = divideUp(rows, version().tileRows);
  // The sides of a tile differ: it is cut where the parts come out more equal, and where it has many rows, by rows.
  const int64_t parts = partCount(std::max(panels, tiles), cost);
  const bool byPanels = divideUp(panels, parts) * tiles < divideUp(tiles, parts) * panels ||
                        (panels % parts == 0 && rows < 512);
  parallel(byPanels ? panels : tiles, cost, [&](int64_t begin, int64_t end, int) {
    const std::unique_ptr<float[]> scratch(new float[version().scratchSize(of)]);
    const int64_t height = version().tileRows;
    if (byPanels) return version().linearPart(of, {0, rows}, {begin, end}, scratch.get());
    const Range some = {begin * height, std::min(end * height, rows)};
    version().linearPart(of, some, {0, panels}, scratch.get());
  });
}

void* readAttributes(TF_OpKernelConstruction* construction) {
  Status status;
  TF_Bool gelu = 0, adds = 0;
  int64_t axes = 0;
  TF_OpKernelConstruction_GetAttrBool(construction, "gelu", &gelu, status.get());
  if (status.ok()) TF_OpKernelConstruction_GetAttrBool(construction, "adds", &adds, status.get());
  if (status.ok()) TF_OpKernelConstruction_GetAttrInt64(construction, "axes", &axes, status.get());
  if (!status.ok()) TF_OpKernelConstruction_Failure(construction, status.get());
  return new Attributes{axes, gelu != 0, adds != 0};
}

void deleteAttributes(void* state) { delete static_cast<Attributes*>(state); }

const Ops ops{{"NeverendPackLinear", {"w: float", "bias: float"}, {"packed: float"}, {}, noState,
               packLinear, nothing},
              // Where `adds` is false, the residual is not looked at.
              {"NeverendLinear", {"x: float", "packed: float", "bias: float", "residual: float"},
               {"y: float"}, {"axes: int", "gelu: bool", "adds: bool"}, readAttributes, linear,
               deleteAttributes}};

}  // namespace

}  // namespace neverend
