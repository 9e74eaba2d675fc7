// A part of a gated recurrence, included by gated-recurrence.cc once for each set of vector instructions.

// Rows whose steps a thread goes through together: what it has of them stays in the second-level cache.
constexpr int64_t kBlockTiles = 8;
constexpr int64_t kMostBlockRows = kBlockTiles * 3 / 2 * kTileRows;

// Floats of the packed weights of a gate of a head.
NEVEREND_INLINE int64_t gateSize(const Recurrence& of) {
  return panelsOf(of.size()) * of.size() * kPanel;
}

int64_t packedSize(const Recurrence& of) { return 2 * of.heads * gateSize(of); }

// The gates' weights of the heads from `begin` up to `end`, those of the input gate of a head before those of its recurrence gate.
void packHeads(const Recurrence& of, const float* inputW, const float* recurrenceW, int64_t begin,
               int64_t end, float* packed) {
  const int64_t size = of.size(), panels = panelsOf(size);
  for (int64_t head = begin; head < end; ++head) {
    float* to = packed + 2 * head * gateSize(of);
    packPanels(inputW + head * size * size, size, size, size, 0, panels, to);
    packPanels(recurrenceW + head * size * size, size, size, size, 0, panels, to + gateSize(of));
  }
}

NEVEREND_INLINE int64_t gateStride(const Recurrence& of) { return panelsOf(of.size()) * kPanel; }

int64_t scratchSize(const Recurrence& of) {
  return kMostBlockRows * (of.size() + 2 * gateStride(of));
}

// y = w x + b over the taps, of which the last `met` meet a step.
NEVEREND_INLINE void convolve(const Recurrence& of, int64_t row, int64_t step, int64_t channel,
                              float* __restrict y) {
  const int64_t size = of.size();
  const float* __restrict b = of.b + channel;
  for (int64_t j = 0; j < size; ++j) y[j] = b[j];
  for (int64_t back = 0; back < of.taps; ++back) {
    const float* __restrict x = of.stepAt(row, step - back, channel);
    if (x == nullptr) return;
    const float* __restrict w = of.w + (of.taps - 1 - back) * of.width + channel;
    for (int64_t j = 0; j < size; ++j) y[j] += w[j] * x[j];
    if (of.begins(row, step - back)) return;
  }
}

// h = a h + gamma sigmoid(inputGate) x, y = h gate.
NEVEREND_INLINE void advance(const float* __restrict x, const float* __restrict inputGate,
                             const float* __restrict recurrenceGate, const float* __restrict inputB,
                             const float* __restrict recurrenceB, const float* __restrict decay,
                             const float* __restrict gate, float going, float* __restrict h,
                             float* __restrict y, int64_t size) {
  for (int64_t j = 0; j < size; ++j) {
    const float logA = sigmoid(recurrenceGate[j] + recurrenceB[j]) * decay[j];
    const float a = exponential(logA);
    const float gamma = gammaOf(oneMinusSquare(logA, a), going);
    const float state = a * going * h[j] + gamma * sigmoid(inputGate[j] + inputB[j]) * x[j];
    h[j] = state;
    y[j] = state * gate[j];
  }
}

// The last steps as the next call needs them: zeros before a sequence began.
void keepSteps(const Recurrence& of, int64_t row, int64_t channel) {
  const int64_t size = of.size();
  bool begun = false;
  for (int64_t back = 0; back < of.taps - 1; ++back) {
    const int64_t step = of.steps - 1 - back;
    const float* __restrict from = begun ? nullptr : of.stepAt(row, step, channel);
    float* __restrict to = of.convAfter + of.convPlace(row, of.taps - 2 - back) + channel;
    for (int64_t j = 0; j < size; ++j) to[j] = from == nullptr ? 0.0f : from[j];
    begun = begun || of.begins(row, step);
  }
}

// All steps of the rows from `first` up to `last`, in the channels of a head.
void recurrenceBlock(const Recurrence& of, int64_t head, int64_t first, int64_t last, float* scratch) {
  const int64_t size = of.size(), panels = panelsOf(size), stride = gateStride(of);
  const int64_t channel = head * size;
  float* mixed = scratch;
  float* gates = mixed + kMostBlockRows * size;
  const float* packed = of.packed + 2 * head * gateSize(of);
  for (int64_t row = first; row < last; ++row) {
    float* __restrict h = of.stateAfter + row * of.width + channel;
    const float* __restrict before = of.state + row * of.width + channel;
    for (int64_t j = 0; j < size; ++j) h[j] = of.hasState ? before[j] : 0.0f;
  }
  for (int64_t step = 0; step < of.steps; ++step) {
    for (int64_t row = first; row < last; ++row) {
      convolve(of, row, step, channel, mixed + (row - first) * size);
    }
    for (int64_t panel = 0; panel < 2 * panels; ++panel) {
      // Columns that are not there are zeros, and written all the same.
      timesPanel(mixed, size, last - first, packed + panel * size * kPanel, size, kPanel,
                 gates + panel * kPanel, 2 * stride, false);
    }
    for (int64_t row = first; row < last; ++row) {
      const float* gate = gates + (row - first) * 2 * stride;
      const int64_t at = of.place(row, step) + channel;
      float* h = of.stateAfter + row * of.width + channel;
      const bool begins = of.begins(row, step);
      // 0 times what is not finite would be NaN.
      for (int64_t j = 0; begins && j < size; ++j) h[j] = 0;
      advance(mixed + (row - first) * size, gate, gate + stride, of.inputB + channel,
              of.recurrenceB + channel, of.decay + channel, of.gate + at, begins ? 0.0f : 1.0f, h,
              of.y + at, size);
    }
  }
  for (int64_t row = first; row < last; ++row) keepSteps(of, row, channel);
}

// The tiles of rows from `begin` up to `end`, counted through all heads.
void recurrencePart(const Recurrence& of, int64_t begin, int64_t end, float* scratch) {
  const int64_t rows = of.rows(), tiles = (rows + kTileRows - 1) / kTileRows;
  while (begin < end) {
    const int64_t head = begin / tiles, tile = begin % tiles, left = tiles - tile;
    const int64_t count = evenBlock(end - begin < left ? end - begin : left, kBlockTiles);
    const int64_t first = tile * kTileRows, last = (tile + count) * kTileRows;
    recurrenceBlock(of, head, first, last < rows ? last : rows, scratch);
    begin += count;
  }
}
