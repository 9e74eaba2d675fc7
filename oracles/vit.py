"""Makes packages/attention/test/golden/vit.safetensors, timm-vits.json, processors.json, positions.json and pictures.json with the published code of vision transformers.

    python oracles/vit.py --big-vision DIR --vision-transformer DIR

The first DIR is a checkout of google-research/big_vision, the second one of google-research/vision_transformer. Small models of timm,
transformers and these two get random numbers; the file has their checkpoints, by the names that their packages save, images, and what
the models make of them: tokens after the last norm, features before the classes, and logits. PyTorch computes in float64. The
metadata have each model's config.json. timm-vits.json says of every vision transformer of timm what its names do not: heads, GELU, epsilon, and which parts it
has; its "others" are made of other things.
processors.json has what transformers' classes that prepare images fill in where a file says little, and what they cut out of pictures.
positions.json has PyTorch's bicubic interpolations of positions, pictures.json what torchvision makes of pictures.
"""

import argparse
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile
import types

import numpy as np
import timm
import torch
import transformers
from safetensors.numpy import load_file, save_file

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "packages/attention/test/golden"
PATCH, SIDE, WIDTH, HEADS, MLP = 2, 6, 8, 2, 12
# An image of another size than the model's.
OTHER = (8, 12)


def drawn(name, shape, random):
    """Numbers of a size at which forms of GELU and epsilons show, each as float32 holds it."""
    scale, mean = 0.4, 0.0
    if len(shape) > 1 and not any(part in name for part in ("token", "pos", "cls", "probe", "latent")):
        scale = 1.5 / np.sqrt(np.prod(shape[1:]))
    if "norm" in name.lower() and name.endswith(("weight", "scale")):
        scale, mean = 0.2, 1.0
    if "gamma" in name or "lambda" in name:
        scale, mean = 0.2, 0.5
    return (mean + scale * random.standard_normal(shape)).astype(np.float32)


def fill(model, random):
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if value.dtype.is_floating_point:
                value.copy_(torch.tensor(drawn(name, tuple(value.shape), random)))
    return model.double().eval()


def images(random, size=(SIDE, SIDE)):
    return random.standard_normal((2, *size, 3)).astype(np.float32)


def torch_images(pixels):
    return torch.tensor(pixels.astype(np.float64)).permute(0, 3, 1, 2)


class Goldens:
    def __init__(self):
        self.arrays, self.cases = {}, {}

    def add(self, case, params, pixels, outputs, **about):
        """`outputs` of one set of images, or of several by their names."""
        for name, value in params.items():
            self.arrays[f"{case}|{name}"] = np.ascontiguousarray(value, np.float32)
        self.arrays[f"{case}|>images"] = pixels
        for name, value in outputs.items():
            if value is not None:
                self.arrays[f"{case}|>{name}"] = np.ascontiguousarray(value, np.float32)
        self.cases[case] = about


def of_timm(goldens, later=0):
    small = {"embed_dim": WIDTH, "num_heads": HEADS, "depth": 1, "mlp_ratio": MLP / WIDTH}
    small |= {"patch_size": PATCH, "img_size": SIDE}
    cases = {
        "augreg": ("vit_tiny_patch16_224", 3, {"depth": 2}),
        "distilled": ("deit_tiny_distilled_patch16_224", 3, {}),
        "distilled features": ("deit_tiny_distilled_patch16_224", 0, {}),
        "deit3": ("deit3_small_patch16_224", 3, {"depth": 2}),
        "dinov2 registers": ("vit_small_patch14_reg4_dinov2", 0, {}),
        "dinov2 giant": ("vit_giant_patch14_reg4_dinov2", 0, {}),
        "registers gap": ("vit_medium_patch16_reg1_gap_256", 3, {}),
        "registers placed": ("vit_tiny_patch16_224", 3, {"reg_tokens": 2}),
        "mae": ("vit_tiny_patch16_224", 3, {"global_pool": "avg", "qkv_bias": False}),
        "no class token": ("vit_tiny_patch16_224", 3, {"class_token": False, "global_pool": "avg", "fc_norm": False}),
        "siglip": ("vit_so400m_patch16_siglip_256", 0, {}),
        "siglip erf": ("vit_base_patch16_siglip_224", 3, {}),
        "openclip": ("vit_base_patch32_clip_224", 3, {}),
        "clip": ("vit_base_patch32_clip_quickgelu_224", 3, {}),
        "norms of queries": ("vit_tiny_patch16_224", 3, {"qk_norm": True, "global_pool": "token"}),
        "no biases": ("vit_tiny_patch16_224", 3, {"qkv_bias": False, "proj_bias": False}),
        "other size": ("vit_tiny_patch16_224", 3, {"dynamic_img_size": True}),
        "deit3 other size": ("deit3_small_patch16_224", 3, {"dynamic_img_size": True}),
    }
    if later == 1:
        cases = {
            "no last norm": ("vit_tiny_patch16_224", 3, {"final_norm": False}),
            "layer scale": ("vit_tiny_patch16_224", 3, {"init_values": 1e-5, "qk_norm": True, "pre_norm": True, "fc_norm": True}),
        }
    if later == 2:
        cases = {
            "register placed alone": ("vit_so150m2_patch16_reg1_gap_256", 3, {}),
            # Its epsilon is no longer CLIP's.
            "clip norm layer": ("vit_base_patch32_clip_224", 3, {"norm_layer": "layernorm"}),
        }
    for case, (architecture, classes, more) in cases.items():
        random = np.random.default_rng([1, len(goldens.cases)])
        arguments = small | more
        model = timm.create_model(architecture, num_classes=classes, **arguments)
        params = fill(model, random).state_dict()
        pixels = images(random, OTHER if "other size" in case else (SIDE, SIDE))
        with torch.no_grad():
            tokens = model.forward_features(torch_images(pixels))
            outputs = {
                "tokens": tokens,
                "features": model.forward_head(tokens, pre_logits=True),
                "logits": model(torch_images(pixels)) if classes else None,
            }
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "config.json"
            timm.models._hub.save_config_for_hf(model, file, model_args=arguments)
            config = json.loads(file.read_text())
        if case == "augreg":
            # As most of the Hub's files are: what the architecture says is not said again.
            config["model_args"] = {"num_heads": HEADS}
        goldens.add(f"timm {case}", params, pixels, outputs, layout="timm", config=config)


def of_transformers(goldens, later=False):
    small = dict(hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=HEADS, intermediate_size=MLP)
    small |= dict(image_size=SIDE, patch_size=PATCH, num_labels=3)
    dino = small | {"mlp_ratio": 2, "num_register_tokens": 3}
    text = dict(hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=HEADS, intermediate_size=MLP)
    text |= dict(vocab_size=9, bos_token_id=1, eos_token_id=2)
    two = {"vision_config": small, "text_config": text}
    cases = {
        "vit": ("ViTForImageClassification", small | {"num_hidden_layers": 2}),
        "vit pooler": ("ViTModel", small | {"qkv_bias": False, "hidden_act": "gelu_new"}),
        "vit other size": ("ViTForImageClassification", small),
        "deit": ("DeiTForImageClassificationWithTeacher", small),
        "deit one head": ("DeiTForImageClassification", small),
        "mae": ("ViTMAEForPreTraining", small | dict(mask_ratio=0.0, decoder_hidden_size=WIDTH, decoder_num_attention_heads=2, decoder_num_hidden_layers=1, decoder_intermediate_size=MLP)),
        "msn": ("ViTMSNForImageClassification", small),
        "ijepa": ("IJepaForImageClassification", small),
        "dinov2": ("Dinov2ForImageClassification", dino | {"num_hidden_layers": 2}),
        "dinov2 giant": ("Dinov2Model", dino | {"use_swiglu_ffn": True}),
        "dinov2 other size": ("Dinov2Model", dino),
        "dinov2 registers": ("Dinov2WithRegistersModel", dino),
        "dinov2 registers classes": ("Dinov2WithRegistersForImageClassification", dino),
        "dinov2 registers other size": ("Dinov2WithRegistersModel", dino),
        "siglip": ("SiglipVisionModel", small),
        "siglip two towers": ("SiglipModel", two),
        "siglip classes": ("SiglipForImageClassification", two | {"num_labels": 3}),
        "clip": ("CLIPModel", two | {"projection_dim": 5}),
    }
    if later:
        cases = {
            "no registers": ("Dinov2WithRegistersModel", dino | {"num_register_tokens": 0}),
            "clip classes": ("CLIPForImageClassification", two | {"num_labels": 3}),
        }
    for case, (name, settings) in cases.items():
        random = np.random.default_rng([2, len(goldens.cases)])
        model_class = getattr(transformers, name)
        model = model_class(model_class.config_class(**settings))
        fill(model, random)
        pixels = images(random, OTHER if "other size" in case else (SIDE, SIDE))
        given = {"pixel_values": torch_images(pixels)}
        if "other size" in case and name.startswith("ViT"):
            given["interpolate_pos_encoding"] = True
        with torch.no_grad():
            outputs = transformers_outputs(name, model, given)
        with tempfile.TemporaryDirectory() as folder:
            model.float().save_pretrained(folder)
            params = load_file(pathlib.Path(folder) / "model.safetensors")
            config = json.loads((pathlib.Path(folder) / "config.json").read_text())
        # transformers 5 has other names in memory than in the files that it saves: both, where their numbers are alike.
        memory = {key: value.numpy() for key, value in model.state_dict().items()}
        if settings.get("use_swiglu_ffn"):
            # There a matrix of the file is two.
            memory = params
        saved = {value.tobytes(): key for key, value in params.items()}
        renamed = {key: saved[value.tobytes()] for key, value in memory.items() if value.dtype == np.float32}
        renamed = {new: old for new, old in renamed.items() if new != old}
        if sorted(renamed.values()) != sorted(set(params) - set(memory)):
            raise ValueError(f"{case}: names in memory and in the file do not pair")
        goldens.add(f"transformers {case}", params, pixels, outputs, layout="transformers", config=config, inMemory=renamed)


def transformers_outputs(name, model, given):
    if name == "CLIPModel":
        seen = model.vision_model(**given)
        return {"tokens": seen.last_hidden_state, "features": seen.pooler_output, "logits": model.visual_projection(seen.pooler_output)}
    if name == "SiglipModel":
        seen = model.vision_model(**given)
        return {"tokens": seen.last_hidden_state, "features": seen.pooler_output}
    if name == "ViTMAEForPreTraining":
        # Without masks, in the order of the patches.
        noise = torch.arange((SIDE // PATCH) ** 2).expand(2, -1).double()
        tokens = model.vit(**given, noise=noise).last_hidden_state
        return {"tokens": tokens, "features": tokens[:, 0]}
    inner = next((getattr(model, part) for part in ("vit", "deit", "dinov2", "dinov2_with_registers", "ijepa", "vision_model") if hasattr(model, part)), None)
    if inner is None:
        seen = model(**given)
        return {"tokens": seen.last_hidden_state, "features": seen.pooler_output}
    tokens = inner(**given).last_hidden_state
    seen = model(**given)
    registers = getattr(model.config, "num_register_tokens", 0)
    features = {
        "IJepaForImageClassification": lambda: tokens.mean(1),
        "SiglipForImageClassification": lambda: tokens.mean(1),
        "CLIPForImageClassification": lambda: tokens[:, 1:].mean(1),
        "Dinov2ForImageClassification": lambda: torch.cat([tokens[:, 0], tokens[:, 1:].mean(1)], 1),
        "Dinov2WithRegistersForImageClassification": lambda: torch.cat([tokens[:, 0], tokens[:, 1 + registers :].mean(1)], 1),
        "DeiTForImageClassificationWithTeacher": lambda: tokens[:, :2].mean(1),
    }.get(name, lambda: tokens[:, 0])()
    return {"tokens": tokens, "features": features, "logits": seen.logits}


def of_flax(goldens, official, big_vision):
    import jax

    jax.config.update("jax_default_matmul_precision", "highest")
    jax.config.update("jax_enable_x64", True)
    models_vit = official_vit(official)
    transformer = {"num_layers": 2, "mlp_dim": MLP, "num_heads": HEADS}
    common = dict(num_classes=3, patches=types.SimpleNamespace(size=(PATCH, PATCH)), transformer=transformer, hidden_size=WIDTH)
    cases = {
        "flax token": (models_vit.VisionTransformer, common, {}),
        "flax pre_logits": (models_vit.VisionTransformer, common | {"representation_size": 5}, {}),
        "flax gap": (models_vit.VisionTransformer, common | {"classifier": "gap"}, {}),
    }
    vit = big_vision_vit(big_vision)
    common = dict(num_classes=3, patch_size=(PATCH, PATCH), width=WIDTH, depth=2, mlp_dim=MLP, num_heads=HEADS, dtype_mm="float64")
    cases |= {
        "big_vision gap": (vit._Model, common, {}),
        "big_vision sincos2d": (vit._Model, common | {"posemb": "sincos2d", "depth": 1}, {}),
        "big_vision tok": (vit._Model, common | {"pool_type": "tok", "rep_size": 5, "depth": 1}, {"prefix": "params/"}),
        "big_vision map": (vit._Model, common | {"pool_type": "map", "num_classes": None, "scan": True}, {"prefix": "params/img/"}),
    }
    for case, (model_class, arguments, about) in cases.items():
        random = np.random.default_rng([3, len(goldens.cases)])
        model = model_class(**arguments)
        pixels = images(random)
        given = pixels.astype(np.float64)
        train = {"train": False}
        shapes = jax.eval_shape(lambda: model.init(jax.random.PRNGKey(0), given, **train))["params"]
        tree = jax.tree_util.tree_map_with_path(
            lambda path, leaf: drawn("/".join(part.key for part in path), leaf.shape, random), shapes
        )
        seen, state = model.apply(
            {"params": jax.tree.map(lambda leaf: leaf.astype(np.float64), tree)}, given, **train,
            capture_intermediates=True, mutable=["intermediates"],
        )
        if case.startswith("big_vision"):
            logits, out = seen
            outputs = {"tokens": out["encoded"], "features": out["pre_logits"]}
            if case == "big_vision tok":
                outputs["tokens"] = state["intermediates"]["Transformer"]["__call__"][0][0]
        else:
            logits, inner = seen, state["intermediates"]
            outputs = {"tokens": inner["Transformer"]["__call__"][0]}
            features = inner["pre_logits"]["__call__"][0]
            outputs["features"] = np.tanh(features) if "representation_size" in arguments else features
        outputs["logits"] = logits if arguments["num_classes"] else None
        prefix = about.get("prefix", "")
        flat = {prefix + "/".join(part.key for part in path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(tree)}
        if case == "big_vision map":
            flat |= {"params/t": np.ones(1), "params/b": np.ones(1), "params/txt/head/bias": np.ones(2)}
        goldens.add(case, flat, pixels, outputs, layout="flax")


def official_vit(folder):
    """models_vit.py, without the ResNets that it can stand on."""
    sys.modules["vit_jax"] = types.SimpleNamespace(models_resnet=None)
    return module_of("models_vit", folder / "vit_jax/models_vit.py")


def big_vision_vit(folder):
    """models/vit.py, without what loads and shards."""
    common = types.SimpleNamespace()
    package = types.ModuleType("big_vision")
    package.utils = None
    models = types.ModuleType("big_vision.models")
    models.common = common
    sys.modules |= {"big_vision": package, "big_vision.models": models}
    return module_of("big_vision_vit", folder / "big_vision/models/vit.py")


def module_of(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def timm_vits():
    """Heads, GELU, epsilon, pooling and parts of each vision transformer of timm that is made of ordinary blocks, and the names of others."""
    from timm.models.vision_transformer import Attention, Block, VisionTransformer

    rows, others = {}, []
    for name in timm.list_models(["vit_*", "deit*", "beit*", "eva*", "flexivit*", "test_vit*", "naflexvit*", "samvit*", "vitamin*"]):
        with torch.device("meta"):
            model = timm.create_model(name)
        block = model.blocks[0] if isinstance(model, VisionTransformer) else None
        # GluMlp is SwiGLU.
        ordinary = type(block) is Block and type(block.attn) is Attention and type(block.mlp).__name__ in ("Mlp", "GluMlp")
        inner = [block.norm1, block.attn.norm, block.mlp.norm, model.patch_embed] if ordinary else []
        if [type(layer).__name__ for layer in inner] != ["LayerNorm", "Identity", "Identity", "PatchEmbed"] or model.pool_include_prefix:
            others.append(name)
            continue
        forms = {"GELU": "erf", "GELUTanh": "tanh", "QuickGELU": "quick", "SiLU": "erf"}
        parts = [part for part, entry in TIMM_PARTS.items() if entry in model.state_dict()]
        rows[name] = [model.embed_dim, block.attn.num_heads, forms[type(block.mlp.act).__name__], block.norm1.eps, model.global_pool, parts]
    return rows, others


# Parts of timm's models, and an entry of each.
TIMM_PARTS = {
    "cls": "cls_token",
    "dist": "dist_token",
    "registers": "reg_token",
    "preNorm": "norm_pre.weight",
    "norm": "norm.weight",
    "fcNorm": "fc_norm.weight",
    "pool": "attn_pool.latent",
    "layerScales": "blocks.0.ls1.gamma",
    "qkvBias": "blocks.0.attn.qkv.bias",
    "projBias": "blocks.0.attn.proj.bias",
    "qkNorms": "blocks.0.attn.q_norm.weight",
}


def processors():
    """What transformers' classes that prepare images make of files that say little."""
    settings = (
        *({}, {"size": 40, "crop_size": 32}, {"size": {"shortest_edge": 40}, "resample": 0}),
        *({"do_center_crop": True, "crop_size": 30}, {"size": 40, "do_center_crop": False}, {"do_center_crop": None}),
        *({"size": 40, "default_to_square": square, "do_center_crop": True, "crop_size": 30} for square in (True, False, None)),
        {"do_normalize": None},
    )
    keys = ("size", "crop_size", "do_center_crop", "resample", "do_normalize", "image_mean", "image_std")
    rows = []
    for name in ("ViT", "DeiT", "CLIP", "ChineseCLIP", "Bit", "Siglip", "Beit", "Blip", "DINOv3ViT"):
        for given in settings:
            whole = getattr(transformers, f"{name}ImageProcessor")(**given)
            size = transformers.image_processing_utils.get_size_dict(whole.size, default_to_square=whole.default_to_square)
            about = {key: getattr(whole, key, None) for key in keys} | {"size": size}
            rows.append([{"image_processor_type": f"{name}ImageProcessor", **given}, json.loads(json.dumps(about, default=dict))])
    return rows


def cuts():
    """What transformers' classes, of PyTorch's tensors and of Pillow's pictures, cut out of pictures that need no resizing."""
    random = np.random.default_rng(6)
    rows = []
    for name in ("CLIP", "ViT"):
        for height, width, crop in ((7, 10, 4), (7, 12, [5, 3]), (14, 7, 4), (12, 7, [3, 6])):
            file = {"image_processor_type": f"{name}ImageProcessor", "size": {"shortest_edge": 7}, "crop_size": crop, "do_center_crop": True}
            pixels = random.integers(0, 256, (height, width, 3)).astype(np.uint8)
            made = [
                np.asarray(getattr(transformers, f"{name}ImageProcessor{backend}")(**file)(pixels, return_tensors="np")["pixel_values"][0])
                for backend in ("", "Pil")
            ]
            if np.abs(made[0] - made[1]).max() > 1e-5:
                raise ValueError(f"{file}: transformers' two classes differ")
            image = made[1].transpose(1, 2, 0)
            rows.append({"file": file, "pixels": pixels.tolist(), "image": np.round(image.astype(float), 6).tolist()})
    return rows


def positions():
    """F.interpolate as transformers, timm and facebookresearch/dinov2 call it, of 3 x 3 and 4 x 5 positions."""
    random = np.random.default_rng(4)
    arrays = {}
    for rows, columns, to in ((3, 3, (4, 6)), (4, 5, (2, 3)), (5, 5, (7, 3)), (2, 1, (5, 4)), (5, 3, (5, 9)), (4, 3, (2, 3))):
        grid = random.standard_normal((rows, columns, 2)).astype(np.float32)
        key = f"{rows}x{columns} to {to[0]}x{to[1]}"
        arrays[key] = grid
        planes = torch.tensor(grid.astype(np.float64)).permute(2, 0, 1)[None]
        for antialias in (False, True):
            made = torch.nn.functional.interpolate(planes, size=to, mode="bicubic", align_corners=False, antialias=antialias)
            arrays[f"{key}, antialias {antialias}"] = made[0].permute(1, 2, 0)
            scale = tuple((new + 0.1) / old for new, old in zip(to, (rows, columns)))
            made = torch.nn.functional.interpolate(planes, scale_factor=scale, mode="bicubic", antialias=antialias)
            arrays[f"{key}, antialias {antialias}, offset"] = made[0].permute(1, 2, 0)
    return arrays


def pictures():
    """Pictures resized, cut and normalised by torchvision, in float64 as float32 holds the pictures."""
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms import functional as transforms

    random = np.random.default_rng(5)
    arrays = {}
    mean, std = [0.4, 0.5, 0.6], [0.2, 0.3, 0.4]
    for rows, columns, resize, image in ((9, 13, 8, (6, 6)), (5, 4, [7, 9], (7, 9)), (21, 10, 7, (5, 4)), (12, 12, 12, (11, 9))):
        pixels = random.random((2, rows, columns, 3)).astype(np.float32)
        key = json.dumps({"rows": rows, "columns": columns, "resize": resize, "image": image})
        arrays[f"pixels {key}"] = pixels
        planes = torch.tensor(pixels.astype(np.float64)).permute(0, 3, 1, 2)
        for name in ("bilinear", "bicubic"):
            resized = transforms.resize(planes, resize, InterpolationMode(name), antialias=True).clamp(0, 1)
            cut = transforms.center_crop(resized, image)
            arrays[f"{name} {key}"] = transforms.normalize(cut, mean, std).permute(0, 2, 3, 1)
    return {"mean": np.asarray(mean), "std": np.asarray(std), **arrays}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--big-vision", type=pathlib.Path, required=True)
    parser.add_argument("--vision-transformer", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    goldens = Goldens()
    of_timm(goldens)
    of_transformers(goldens)
    of_flax(goldens, arguments.vision_transformer, arguments.big_vision)
    # Last, so that the numbers of those above stay.
    of_timm(goldens, later=1)
    of_transformers(goldens, later=True)
    of_timm(goldens, later=2)

    def commit(folder):
        return subprocess.check_output(["git", "-C", folder, "rev-parse", "HEAD"], text=True).strip()

    meta = {
        "generator": "oracles/vit.py",
        "torch": torch.__version__,
        "timm": timm.__version__,
        "transformers": transformers.__version__,
        "google-research/big_vision": commit(arguments.big_vision),
        "google-research/vision_transformer": commit(arguments.vision_transformer),
    }
    save_file(goldens.arrays, GOLDEN / "vit.safetensors", metadata={"meta": json.dumps(meta), "cases": json.dumps(goldens.cases)})
    rows, others = timm_vits()
    table = {"meta": meta, "columns": ["width", "heads", "gelu", "eps", "pooling", "parts"], "rows": rows, "others": others}
    (GOLDEN / "timm-vits.json").write_text(json.dumps(table, indent=0) + "\n")
    (GOLDEN / "processors.json").write_text(json.dumps({"meta": meta, "rows": processors(), "cuts": cuts()}) + "\n")
    for name, made in (("positions", positions()), ("pictures", pictures())):
        arrays = {
            key: {"dtype": "float64", "shape": list(value.shape), "data": np.asarray(value, np.float64).ravel().tolist()}
            for key, value in made.items()
        }
        (GOLDEN / f"{name}.json").write_text(json.dumps({"meta": meta, "arrays": arrays}) + "\n")


if __name__ == "__main__":
    main()
