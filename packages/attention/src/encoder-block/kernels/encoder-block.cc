// An encoder block (Dosovitskiy et al., 2021, equations 2 and 3) whose heads see all tokens, of ops that are there: x + attention(LN(x)), then
// x + MLP(LN(x)).
#include <vector>

#include <neverend/op.h>

namespace neverend {
namespace {

// x [..., N, D]; of each norm its scale and shift; of each linear layer its packed weights and bias, those of queries, keys, values,
// of what comes out of attention, and of the MLP; and the mask and settings of attention.
void encoderBlock(Run& run) {
  const std::vector<Tensor> inputs = run.inputs(19);
  if (!run.ok()) return;
  const Tensor &x = inputs[0], &mask = inputs[17], &settings = inputs[18];
  const auto at = [&](int index) { return &inputs[index]; };
  const double epsilon = run.attribute("epsilon");
  const auto normed = [&](int gelus) {
    return Attributes{{"epsilon", epsilon}, {"offset", 0}, {"centred", 1}, {"gelus", gelus}};
  };
  const auto linear = [](int axes) { return Attributes{{"axes", axes}, {"gelu", 0}, {"adds", 1}}; };
  std::vector<Tensor> heads =
      run.call("NeverendNormLinear3", {&x, at(1), at(2), at(5), at(6), at(7), at(8), at(9), at(10)},
               normed(0));
  if (!run.ok()) return;
  std::vector<Tensor> context =
      run.call("NeverendAttention", {&heads[0], &heads[1], &heads[2], &mask, &settings}, {});
  heads.clear();
  if (!run.ok()) return;
  const std::vector<Tensor> attended =
      run.call("NeverendLinear", {&context[0], at(11), at(12), &x}, linear(2));
  context.clear();
  if (!run.ok()) return;
  const std::vector<Tensor> inner = run.call(
      "NeverendNormLinear1", {&attended[0], at(3), at(4), at(13), at(14)}, normed(1));
  if (!run.ok()) return;
  run.call("NeverendLinear", {&inner[0], at(15), at(16), &attended[0]}, linear(1), {0});
}

const Ops ops{op<encoderBlock>(
    "NeverendEncoderBlock",
    {"x: float", "scale0: float", "shift0: float", "scale1: float", "shift1: float",
     "query: float", "query_bias: float", "key: float", "key_bias: float", "value: float",
     "value_bias: float", "out: float", "out_bias: float", "mlp0: float", "mlp0_bias: float",
     "mlp1: float", "mlp1_bias: float", "mask: float", "settings: int32"},
    {"y: float"}, {"epsilon: float"})};

}  // namespace

}  // namespace neverend
