#include "schemas/backbone_catalog.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "schemas/error.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

// A variant is what its family does by default and what stands in `fields`.
CatalogEntry entry(const char* family, const std::string& name, const Json& fields, int64_t parameters, int map_side) {
  Json json = family_defaults(family, name);
  json.update(fields);
  json["name"] = name;
  return {.variant = variant_from_json(json), .parameters = parameters, .map_side = map_side};
}

using Entries = std::vector<CatalogEntry>;

// He et al., CVPR 2016, as torchvision builds them (stride in the 3x3 convolution); `_wsol` as wsolevaluation does:
// the last stage, or the last two, without stride.
void add_resnets(Entries& all) {
  struct Net {
    const char* name;
    const char* block;
    std::vector<int> depths;
    int64_t parameters;
  };
  const std::vector<Net> nets = {{"resnet18", "basic", {2, 2, 2, 2}, 11'689'512},
                                 {"resnet34", "basic", {3, 4, 6, 3}, 21'797'672},
                                 {"resnet50", "bottleneck", {3, 4, 6, 3}, 25'557'032},
                                 {"resnet101", "bottleneck", {3, 4, 23, 3}, 44'549'160},
                                 {"resnet152", "bottleneck", {3, 8, 36, 3}, 60'192'808}};
  for (const auto& [suffix, stride] : {std::pair{"", 32}, {"_wsol_14", 16}, {"_wsol_28", 8}}) {
    for (const Net& net : nets) {
      const Json fields = {
          {"block", net.block}, {"depths", net.depths}, {"widths", {64, 128, 256, 512}}, {"stride", stride}};
      all.push_back(entry("resnet", std::string(net.name) + suffix, fields, net.parameters, 224 / stride));
    }
  }
}

// Huang et al., CVPR 2017, as torchvision builds them.
void add_densenets(Entries& all) {
  const auto add = [&](const char* name, std::vector<int> layers, int growth, int64_t parameters) {
    const Json fields = {{"depths", std::move(layers)}, {"widths", {2 * growth}}, {"growth", growth}};
    all.push_back(entry("densenet", name, fields, parameters, 7));
  };
  add("densenet121", {6, 12, 24, 16}, 32, 7'978'856);
  add("densenet161", {6, 12, 36, 24}, 48, 28'681'000);
  add("densenet169", {6, 12, 32, 32}, 32, 14'149'480);
  add("densenet201", {6, 12, 48, 32}, 32, 20'013'928);
}

// Simonyan and Zisserman, ICLR 2015, as torchvision builds it; `_gap` as wsolevaluation does; `_cam` as the CAM paper
// (Zhou et al., CVPR 2016) does.
void add_vggs(Entries& all) {
  const auto add = [&](const char* name, const Json& own, int64_t parameters, int map_side) {
    Json fields = {{"depths", {2, 2, 3, 3, 3}}, {"widths", {64, 128, 256, 512, 512}}};
    fields.update(own);
    all.push_back(entry("vgg", name, fields, parameters, map_side));
  };
  const auto cam = [](int stride, int groups, double dropout) {
    return Json{{"tail", "cam"}, {"stride", stride}, {"groups", groups}, {"dropout", dropout}};
  };
  add("vgg16", Json::object(), 138'357'544, 7);
  add("vgg16_bn", {{"norm", "batch"}}, 138'365'992, 7);
  add("vgg16_gap", cam(16, 1, 0), 20'459'304, 14);
  add("vgg16_gap_28", cam(8, 1, 0), 20'459'304, 28);
  add("vgg16_cam", cam(16, 2, 0.5), 18'100'008, 14);
  add("vgg16_cam_28", cam(8, 2, 0.5), 18'100'008, 28);
}

// Krizhevsky, 2014, and Szegedy et al., CVPR 2015 and 2016, as torchvision builds them; `_gap` and `_cam` cut them
// where the CAM paper does (with one group, or two as its networks have), `_wsol` is wsolevaluation's.
void add_alexnets_and_inceptions(Entries& all) {
  const Json cam = {{"tail", "cam"}, {"dropout", 0}};
  all.push_back(entry("alexnet", "alexnet", Json::object(), 61'100'840, 6));
  all.push_back(entry("alexnet", "alexnet_gap", cam, 5'855'016, 13));

  Json two_groups = cam;
  two_groups["groups"] = 2;
  all.push_back(entry("googlenet", "googlenet", Json::object(), 6'624'904, 7));
  all.push_back(entry("googlenet", "googlenet_aux", {{"auxiliary", 1}}, 13'004'888, 7));
  all.push_back(entry("googlenet", "googlenet_gap", cam, 11'967'656, 14));
  all.push_back(entry("googlenet", "googlenet_cam", two_groups, 8'133'800, 14));

  const auto wsol = [](int stride) { return Json{{"tail", "cam"}, {"stride", stride}}; };
  all.push_back(entry("inception", "inception_v3", Json::object(), 23'834'568, 5));
  all.push_back(entry("inception", "inception_v3_aux", {{"auxiliary", 1}}, 27'161'264, 5));
  all.push_back(entry("inception", "inception_v3_wsol_14", wsol(16), 26'507'976, 14));
  all.push_back(entry("inception", "inception_v3_wsol_28", wsol(8), 26'507'976, 28));
}

// Ours, for one-dimensional signals (spec protocol, 12). Its map's side is that of 224 values.
void add_signal_networks(Entries& all) {
  all.push_back(entry("signal_cnn", "signal_cnn", {{"widths", {64, 128, 128, 256}}}, 577'640, 112));
}

void add_convnexts(Entries& all) {
  const auto add = [&](const char* name, std::vector<int> depths, std::vector<int> widths, const Json& own,
                       int64_t parameters) {
    Json fields = {{"depths", std::move(depths)}, {"widths", std::move(widths)}};
    fields.update(own);
    all.push_back(entry("convnext", name, fields, parameters, 7));
  };
  // The small variants of timm.
  const Json conv = {{"block", "conv"}};
  add("convnext_atto", {2, 2, 6, 2}, {40, 80, 160, 320}, conv, 3'695'520);
  add("convnext_femto", {2, 2, 6, 2}, {48, 96, 192, 384}, conv, 5'217'784);
  add("convnext_pico", {2, 2, 6, 2}, {64, 128, 256, 512}, conv, 9'045'672);
  add("convnext_nano", {2, 2, 8, 2}, {80, 160, 320, 640}, conv, 15'593'560);
  add("convnext_tiny_hnf", {3, 3, 9, 3}, {96, 192, 384, 768}, {{"block", "conv"}, {"norm", "map"}}, 28'589'128);
  // Liu et al., CVPR 2022.
  const Json official = Json::object();
  add("convnext_tiny", {3, 3, 9, 3}, {96, 192, 384, 768}, official, 28'589'128);
  add("convnext_small", {3, 3, 27, 3}, {96, 192, 384, 768}, official, 50'223'688);
  add("convnext_base", {3, 3, 27, 3}, {128, 256, 512, 1024}, official, 88'591'464);
  add("convnext_large", {3, 3, 27, 3}, {192, 384, 768, 1536}, official, 197'767'336);
  add("convnext_xlarge", {3, 3, 27, 3}, {256, 512, 1024, 2048}, official, 350'196'968);
}

void add_replknets(Entries& all) {
  const auto add = [&](const char* name, const Json& fields, int64_t parameters) {
    all.push_back(entry("replknet", name, fields, parameters, 7));
  };
  // Ding et al., CVPR 2022.
  const Json depths = {2, 2, 18, 2};
  add("replknet_31b", {{"depths", depths}, {"widths", {128, 256, 512, 1024}}}, 79'864'168);
  add("replknet_31l", {{"depths", depths}, {"widths", {192, 384, 768, 1536}}}, 172'671'016);
  add("replknet_xl",
      {{"depths", depths},
       {"widths", {256, 512, 1024, 2048}},
       {"kernels", {27, 27, 27, 13}},
       {"small_kernel", 0},
       {"dw_ratio", 1.5}},
      335'435'752);
  // Ours, for CPUs: 0.3 M parameters before the classifier, and kernels of at most 13, the widest that oneDNN computes
  // quickly on a CPU. At 96 px they still span half of the first map and all of the others.
  add("replknet_nano", {{"depths", {1, 1, 2, 1}}, {"widths", {16, 32, 64, 128}}, {"kernels", {13, 13, 11, 7}}},
      446'744);
}

// Liu et al., ICLR 2023, as released: 1.3 times as wide as the ConvNeXt of that size.
void add_slaks(Entries& all) {
  struct Size {
    const char* name;
    std::vector<int> depths;
    std::vector<int> widths;
    int64_t parameters[3];  // with kernels of 51, 31 and 61
  };
  const std::vector<int> narrow = {124, 249, 499, 998};
  const std::vector<Size> sizes = {
      {"slak_tiny", {3, 3, 9, 3}, narrow, {50'703'838, 49'581'838, 51'264'838}},
      {"slak_small", {3, 3, 27, 3}, narrow, {91'131'820, 88'213'420, 92'591'020}},
      {"slak_base", {3, 3, 27, 3}, {166, 332, 665, 1331}, {157'950'792, 154'060'992, 159'895'692}}};
  const std::vector<std::vector<int>> kernels = {{51, 49, 47, 13}, {31, 29, 27, 13}, {61, 59, 57, 13}};
  for (const Size& size : sizes) {
    for (size_t i = 0; i < kernels.size(); ++i) {
      const Json fields = {{"depths", size.depths}, {"widths", size.widths}, {"kernels", kernels[i]}};
      all.push_back(
          entry("slak", fmt::format("{}_{}", size.name, kernels[i][0]), fields, size.parameters[i], /*map_side=*/7));
    }
  }
}

// Rao et al., NeurIPS 2022.
void add_hornets(Entries& all) {
  const auto add = [&](const char* name, int width, const Json& own, int64_t parameters) {
    Json fields = {{"depths", {2, 3, 18, 2}}, {"widths", {width, 2 * width, 4 * width, 8 * width}}};
    fields.update(own);
    all.push_back(entry("hornet", name, fields, parameters, 7));
  };
  const Json conv = Json::object();
  const Json filter = {{"block", "filter"}};
  const Json filter_384 = {{"block", "filter"}, {"filters", {24, 12}}};
  add("hornet_tiny_7x7", 64, conv, 22'409'512);
  add("hornet_tiny_gf", 64, filter, 22'991'848);
  add("hornet_small_7x7", 96, conv, 49'528'264);
  add("hornet_small_gf", 96, filter, 50'401'768);
  add("hornet_base_7x7", 128, conv, 87'256'680);
  add("hornet_base_gf", 128, filter, 88'421'352);
  add("hornet_base_gf_img384", 128, filter_384, 92'099'560);
  add("hornet_large_7x7", 192, conv, 194'542'504);
  add("hornet_large_gf", 192, filter, 196'289'512);
  add("hornet_large_gf_img384", 192, filter_384, 201'806'824);
}

Entries make_catalog() {
  Entries all;
  add_resnets(all);
  add_densenets(all);
  add_vggs(all);
  add_alexnets_and_inceptions(all);
  add_convnexts(all);
  add_replknets(all);
  add_slaks(all);
  add_hornets(all);
  add_signal_networks(all);
  return all;
}

// A block of the sweep file, completed by the variant it is based on or by its family's defaults.
BackboneVariant custom_backbone(const std::string& name, const Json& block) {
  const std::string place = fmt::format("backbone '{}'", name);
  if (!block.is_object()) throw ConfigError(place + ": expected a map such as {base: convnext_atto, widths: [..]}");
  const bool has_base = block.contains("base");
  const char* origin = has_base ? "base" : "family";
  if (has_base == block.contains("family") || !block.at(origin).is_string()) {
    throw ConfigError(place + ": needs either `family` or `base`, a name");
  }
  const auto of = block.at(origin).get<std::string>();
  Json complete = has_base ? to_json(find_backbone(of)) : family_defaults(of, place);
  for (const auto& [field, value] : block.items()) {
    if (field != "base") complete[field] = value;
  }
  complete["name"] = name;
  return variant_from_json(complete);
}

}  // namespace

const std::vector<CatalogEntry>& backbone_catalog() {
  static const Entries catalog = make_catalog();
  return catalog;
}

const CatalogEntry* find_in_catalog(std::string_view name) {
  for (const CatalogEntry& entry : backbone_catalog()) {
    if (entry.variant.name == name) return &entry;
  }
  return nullptr;
}

BackboneVariant find_backbone(std::string_view name, const Json& custom) {
  const std::string key(name);
  const CatalogEntry* listed = find_in_catalog(name);
  if (custom.is_object() && custom.contains(key)) {
    if (listed) throw ConfigError(fmt::format("backbones: '{}' is a name of the catalog; choose another", key));
    return custom_backbone(key, custom.at(key));
  }
  if (listed) return listed->variant;

  std::vector<std::string> known;
  for (const CatalogEntry& entry : backbone_catalog()) known.push_back(entry.variant.name);
  if (custom.is_object()) {
    for (const auto& [custom_name, block] : custom.items()) known.push_back(custom_name);
  }
  throw ConfigError(
      fmt::format("unknown backbone '{}'{} (`camsweep backbones` lists them)", key, did_you_mean(key, known)));
}

}  // namespace camsweep
