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

// One of the layers of an input; a residual of null is none.
struct Layer {
  const float *packed, *bias, *residual;
  float* y;
  int64_t columns;
  bool gelu;
};

// What is done to the input first. A shift of null makes it an RMS norm.
struct Norm {
  const float *scale, *shift;
  float epsilon, offset;
};

constexpr int kMostLayers = 3;

struct Linear {
  const float* x;
  // Null: nothing is done to the input.
  const Norm* norm;
  int64_t rows, depth;
  int count;
  Layer layers[kMostLayers];
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
void packLinear(Run& run) {
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

void compute(const Linear& of) {
  int64_t columns = 0, panels = 0;
  for (int at = 0; at < of.count; ++at) {
    columns += of.layers[at].columns;
    panels += divideUp(of.layers[at].columns, version().panel);
  }
  const int64_t cost = of.rows * of.depth * columns / kProductsPerFloat;
  const int64_t tiles = divideUp(of.rows, version().tileRows);
  // The sides of a tile differ: it is cut where the parts come out more equal, and where it has many rows, by rows. Parts of
  // columns would each normalise all rows.
  const int64_t parts = partCount(std::max(panels, tiles), cost);
  const bool isShort = of.rows < 512;
  const bool byPanels = (isShort || of.norm == nullptr) &&
                        (divideUp(panels, parts) * tiles < divideUp(tiles, parts) * panels ||
                         (panels % parts == 0 && isShort));
  parallel(byPanels ? panels : tiles, cost, [&](int64_t begin, int64_t end, int) {
    const std::unique_ptr<float[]> scratch(new float[version().scratchSize(of)]);
    const int64_t height = version().tileRows;
    if (byPanels) return version().linearPart(of, {0, of.rows}, {begin, end}, scratch.get());
    const Range some = {begin * height, std::min(end * height, of.rows)};
    version().linearPart(of, some, {0, panels}, scratch.get());
  });
}

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

void linear(Run& run) {
  // How many last axes of x are the columns of the matrix.
  const int64_t axes = run.attribute("axes");
  const bool gelu = run.attribute("gelu") != 0, adds = run.attribute("adds") != 0;
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
  Linear of = {x.floats(), nullptr, rows, depth, 1, {}};
  of.layers[0] = {packed.floats(), bias.floats(), adds ? residual.floats() : nullptr,
                  y.floats(), columns, gelu};
  compute(of);
}

// Inputs: x, scale and shift, then the packed weights and bias of each layer.
template <int kCount>
void normLinear(Run& run) {
  const float epsilon = run.attribute("epsilon"), offset = run.attribute("offset");
  const bool centred = run.attribute("centred") != 0;
  // The bit of each layer that has one.
  const int64_t gelus = run.attribute("gelus");
  const Tensor x = run.input(0), scale = run.input(1), shift = run.input(2);
  if (!run.ok()) return;
  const int64_t depth = x.columns();
  run.require(x.size() > 0, "x must not be empty");
  run.require(scale.size() == depth && (!centred || shift.size() == depth),
              "scale and shift must be [D] with the D of x's last axis");
  if (!run.ok()) return;
  const Norm norm = {scale.floats(), centred ? shift.floats() : nullptr, epsilon, offset};
  Linear of = {x.floats(), &norm, x.size() / depth, depth, kCount, {}};
  std::vector<Tensor> held;
  for (int at = 0; at < kCount; ++at) {
    Tensor packed = run.input(3 + 2 * at), bias = run.input(4 + 2 * at);
    if (!run.ok()) return;
    run.require(packed.rank() == 3 && packed.dim(2) == version().panel && packed.dim(1) == depth &&
                    packed.dim(0) == divideUp(bias.size(), version().panel),
                "w must be packed for as many columns as bias has");
    if (!run.ok()) return;
    Tensor y = run.output(at, outputShape(run, x, bias, 1, depth));
    if (!run.ok()) return;
    const bool gelu = (gelus >> at & 1) != 0;
    of.layers[at] = {packed.floats(), bias.floats(), nullptr, y.floats(), bias.size(), gelu};
    held.push_back(std::move(packed));
    held.push_back(std::move(bias));
    held.push_back(std::move(y));
  }
  compute(of);
}

template <int kCount>
Op normLinearOp(const char* name) {
  constexpr const char* layers[] = {"packed0: float", "bias0: float", "packed1: float",
                                    "bias1: float", "packed2: float", "bias2: float"};
  constexpr const char* outputs[] = {"y0: float", "y1: float", "y2: float"};
  std::vector<const char*> inputs = {"x: float", "scale: float", "shift: float"};
  inputs.insert(inputs.end(), layers, layers + 2 * kCount);
  return op<normLinear<kCount>>(name, inputs, {outputs, outputs + kCount},
                                {"epsilon: float", "offset: float", "centred: bool", "gelus: int"});
}

const Ops ops{
    op<packLinear>("NeverendPackLinear", {"w: float", "bias: float"}, {"packed: float"}),
    // Where `adds` is false, the residual is not looked at.
    op<linear>("NeverendLinear", {"x: float", "packed: float", "bias: float", "residual: float"},
               {"y: float"}, {"axes: int", "gelu: bool", "adds: bool"}),
    normLinearOp<1>("NeverendNormLinear1"), normLinearOp<2>("NeverendNormLinear2"),
    normLinearOp<3>("NeverendNormLinear3")};

}  // namespace

}  // namespace neverend
