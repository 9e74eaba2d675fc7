// Products with a packed right factor, for one set of vector instructions: a file that has functions for several includes
// this once for each, in a namespace and under a `#pragma GCC target` of its own, with NEVEREND_LANES floats in a vector and
// NEVEREND_TILE_ROWS rows in a tile of two vectors a row. Nothing of the standard library may be used here: the linker would
// take one of several copies for all processors.

constexpr int64_t kLanes = NEVEREND_LANES;
// Columns of a panel: the right factor is packed as [panels][depth][kPanel], with zeros in missing columns.
constexpr int64_t kPanel = 2 * kLanes;
constexpr int64_t kTileRows = NEVEREND_TILE_ROWS;

typedef float Vector __attribute__((vector_size(4 * NEVEREND_LANES)));
// A vector that may lie anywhere in memory.
typedef float Loose __attribute__((vector_size(4 * NEVEREND_LANES), aligned(4), may_alias));

NEVEREND_INLINE int64_t panelsOf(int64_t columns) { return (columns + kPanel - 1) / kPanel; }

// How many of `count` rows or tiles each block has, where blocks are to have about so many and come out even: at most half as
// many more. A last block of few rows would read the whole right factor for these.
NEVEREND_INLINE int64_t evenBlock(int64_t count, int64_t about) {
  const int64_t blocks = (count + about / 2) / about;
  return blocks < 2 ? count : (count + blocks - 1) / blocks;
}

// Packs the panels `begin` up to `end` of x [depth][columns], whose rows are `stride` floats apart.
void packPanels(const float* __restrict x, int64_t stride, int64_t depth, int64_t columns,
                int64_t begin, int64_t end, float* __restrict packed) {
  packed += begin * depth * kPanel;
  for (int64_t j = begin * kPanel; j < end * kPanel; j += kPanel) {
    const int64_t width = columns - j < kPanel ? columns - j : kPanel;
    for (int64_t k = 0; k < depth; ++k, packed += kPanel) {
      const float* from = x + k * stride + j;
      for (int64_t i = 0; i < width; ++i) packed[i] = from[i];
      for (int64_t i = width; i < kPanel; ++i) packed[i] = 0;
    }
  }
}

// Packs the panels `begin` up to `end` of x' for x [columns][depth], whose rows are `stride` floats apart.
void packTransposedPanels(const float* __restrict x, int64_t stride, int64_t depth, int64_t columns,
                          int64_t begin, int64_t end, float* __restrict packed) {
  packed += begin * depth * kPanel;
  for (int64_t j = begin * kPanel; j < end * kPanel; j += kPanel, packed += depth * kPanel) {
    for (int64_t i = 0; i < kPanel; ++i) {
      const float* from = x + (j + i) * stride;
      const bool isThere = j + i < columns;
      for (int64_t k = 0; k < depth; ++k) packed[k * kPanel + i] = isThere ? from[k] : 0;
    }
  }
}

// c[kRows][kPanel] = a b, or += a b, for rows of a that are `aStride` floats apart, and those of c `cStride`.
template <int kRows>
void tile(const float* a, int64_t aStride, const float* b, int64_t depth, float* c, int64_t cStride,
          bool add) {
  Vector sums[kRows][2];
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) {
    sums[i][0] = add ? *reinterpret_cast<const Loose*>(c + i * cStride) : Vector{};
    sums[i][1] = add ? *reinterpret_cast<const Loose*>(c + i * cStride + kLanes) : Vector{};
  }
  for (int64_t k = 0; k < depth; ++k, b += kPanel) {
    const Vector first = *reinterpret_cast<const Loose*>(b);
    const Vector second = *reinterpret_cast<const Loose*>(b + kLanes);
#pragma GCC unroll 12
    for (int i = 0; i < kRows; ++i) {
      const float left = a[i * aStride + k];
      sums[i][0] += left * first;
      sums[i][1] += left * second;
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) {
    *reinterpret_cast<Loose*>(c + i * cStride) = sums[i][0];
    *reinterpret_cast<Loose*>(c + i * cStride + kLanes) = sums[i][1];
  }
}

typedef void (*Tile)(const float*, int64_t, const float*, int64_t, float*, int64_t, bool);

NEVEREND_INLINE Tile tileOf(int64_t rows) {
  constexpr Tile tiles[] = {tile<1>, tile<2>, tile<3>, tile<4>,  tile<5>,  tile<6>,
#if NEVEREND_TILE_ROWS == 12
                            tile<7>, tile<8>, tile<9>, tile<10>, tile<11>, tile<12>,
#endif
  };
  return tiles[rows - 1];
}

// c = a b, or += a b, for `rows` rows of a and one panel of b, of which `columns` columns are there.
void timesPanel(const float* a, int64_t aStride, int64_t rows, const float* b, int64_t depth,
                int64_t columns, float* c, int64_t cStride, bool add) {
  for (int64_t i = 0; i < rows; i += kTileRows, a += kTileRows * aStride, c += kTileRows * cStride) {
    const int64_t height = rows - i < kTileRows ? rows - i : kTileRows;
    const Tile work = tileOf(height);
    if (columns == kPanel) {
      work(a, aStride, b, depth, c, cStride, add);
      continue;
    }
    float whole[kTileRows * kPanel];
    for (int64_t row = 0; add && row < height; ++row) {
      for (int64_t j = 0; j < kPanel; ++j) {
        whole[row * kPanel + j] = j < columns ? c[row * cStride + j] : 0;
      }
    }
    work(a, aStride, b, depth, whole, kPanel, add);
    for (int64_t row = 0; row < height; ++row) {
      for (int64_t j = 0; j < columns; ++j) c[row * cStride + j] = whole[row * kPanel + j];
    }
  }
}
