#include "schemas/yaml_document.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "schemas/error.h"
#include "schemas/yaml_scalar.h"

namespace camsweep {
namespace {

Json read(const std::string& text) { return parse_yaml(text, "x.yaml").root; }

std::string error_of(const std::string& text) {
  try {
    parse_yaml(text, "x.yaml");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(YamlDocumentTest, UnquotedWordsAreTypedByTheCoreSchema) {
  const Json json = read("a: no\nb: yes\nc: on\nd: off\ne: true\nf: False\ng: ~\nh: y\n");

  EXPECT_EQ(json, Json({{"a", "no"},
                        {"b", "yes"},
                        {"c", "on"},
                        {"d", "off"},
                        {"e", true},
                        {"f", false},
                        {"g", nullptr},
                        {"h", "y"}}));
}

TEST(YamlDocumentTest, QuotedScalarsAreStrings) {
  EXPECT_EQ(read("a: 'no'\nb: \"1\"\nc: '010'\nd: !!str 5\n"),
            Json({{"a", "no"}, {"b", "1"}, {"c", "010"}, {"d", "5"}}));
}

TEST(YamlDocumentTest, NumbersFollowTheCoreSchema) {
  EXPECT_EQ(read("[1, -2, +3, 0x1F, 0o17, 1e-3, 0.001, .5, 1., 1.5e+2, 1_000, 1e, '-', 0]"),
            Json::parse(R"([1, -2, 3, 31, 15, 0.001, 0.001, 0.5, 1.0, 150.0, "1_000", "1e", "-", 0])"));
}

TEST(YamlDocumentTest, LeadingZerosAreRefused) {
  EXPECT_EQ(error_of("a: 010"),
            "x.yaml:1:4: a: '010' has a leading zero, which some programs read as octal: write the number without it, "
            "or a string in quotes");
  EXPECT_NE(error_of("a: -007.5"), "no error");
}

TEST(YamlDocumentTest, NumbersThatJsonCannotHoldAreRefused) {
  EXPECT_NE(error_of("a: .inf").find("not a finite number"), std::string::npos);
  EXPECT_NE(error_of("a: .nan").find("not a finite number"), std::string::npos);
  EXPECT_NE(error_of("a: 1e999").find("beyond the range"), std::string::npos);
  EXPECT_NE(error_of("a: 99999999999999999999").find("64 bits"), std::string::npos);
}

TEST(YamlDocumentTest, DuplicateKeysAreErrorsAtTheSecond) {
  EXPECT_EQ(error_of("m:\n  lr: 1\n  lr: 2\n"), "x.yaml:3:3: m.lr: the key 'lr' stands twice in this mapping");
}

TEST(YamlDocumentTest, MergeKeysAreAppliedAndOwnKeysWin) {
  const Json json = read("base: &b {x: 1, y: 2}\nmore: &m {y: 3, z: 4}\nuse: {<<: [*b, *m], x: 9}\n");

  EXPECT_EQ(json.at("use"), Json({{"x", 9}, {"y", 2}, {"z", 4}}));
}

TEST(YamlDocumentTest, MergeOfSomethingElseIsRefused) {
  EXPECT_EQ(error_of("a: {<<: 5}"),
            "x.yaml:1:9: '<<' merges mappings: expected an alias of a mapping, or a list of them");
}

TEST(YamlDocumentTest, AliasesAreCopies) { EXPECT_EQ(read("a: &x [1, 2]\nb: *x\n").at("b"), Json({1, 2})); }

TEST(YamlDocumentTest, AliasInsideItsOwnAnchorIsRefused) {
  EXPECT_EQ(error_of("a: &a {b: *a}"), "x.yaml:1:11: this alias stands inside the value that it names");
  EXPECT_NE(error_of("&r [*r]").find("inside the value"), std::string::npos);
}

TEST(YamlDocumentTest, AliasBombIsRefusedWhileItIsExpanded) {
  std::string bomb = "a0: &a0 [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before + ", " + before +
            ", " + before + ", " + before + ", " + before + "]\n";
  }

  EXPECT_NE(error_of(bomb).find("more than 100000 values after aliases are expanded"), std::string::npos);
}

TEST(YamlDocumentTest, DepthIsLimitedBeforeTheParserGivesUp) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };

  EXPECT_EQ(error_of(nested(64)), "no error");
  EXPECT_EQ(error_of(nested(65)), "x.yaml:1:65: nested deeper than 64 levels");
  EXPECT_EQ(error_of(nested(600)), "x.yaml:1:65: nested deeper than 64 levels");
}

TEST(YamlDocumentTest, TabsInTheIndentationAreCalledTabs) {
  EXPECT_EQ(error_of("matrix:\n\tlr: 1\n"), "x.yaml:2:1: found a tab in the indentation; YAML is indented with spaces");
  EXPECT_EQ(error_of("matrix:\n  lr: 1\n  \tbatch: 2\n"),
            "x.yaml:3:3: found a tab in the indentation; YAML is indented with spaces");
  EXPECT_EQ(error_of("a:\t1\nb: 2\t# comment\n"), "no error");
}

TEST(YamlDocumentTest, BytesThatAreNoTextAreRefused) {
  EXPECT_EQ(error_of("a: b\nc: \xff\n"), "x.yaml:2:4: this is not UTF-8");
  EXPECT_EQ(error_of("a: \xed\xa0\x80"), "x.yaml:1:4: this is not UTF-8");  // a surrogate
  EXPECT_EQ(error_of("a: \xc0\xaf"), "x.yaml:1:4: this is not UTF-8");      // an overlong form
  EXPECT_EQ(error_of(std::string("a: b\0c", 6)), "x.yaml:1:5: found a NUL byte: this is no text");
  EXPECT_EQ(read("a: \xc3\xa9").at("a"), "\xc3\xa9");
}

TEST(YamlDocumentTest, SizeIsLimited) {
  EXPECT_EQ(error_of(std::string((1 << 20) + 1, '#')), "x.yaml: found 1048577 bytes, allowed are 1048576");
}

TEST(YamlDocumentTest, EmptyFilesAndSecondDocumentsAreRefused) {
  EXPECT_EQ(error_of(""), "x.yaml: the file is empty");
  EXPECT_EQ(error_of("# only a comment\n"), "x.yaml: the file is empty");
  EXPECT_EQ(error_of("a: 1\n---\nb: 2\n"), "x.yaml: found a second document after '---'; a file holds one");
}

TEST(YamlDocumentTest, KeysAreTexts) {
  EXPECT_EQ(read("224: a\ntrue: b\n"), Json({{"224", "a"}, {"true", "b"}}));
  EXPECT_EQ(error_of("{[1]: a}"), "x.yaml:1:2: a list or mapping cannot be a key");
  EXPECT_EQ(error_of("~: a"), "x.yaml:1:1: a key is missing before ':'");
}

TEST(YamlDocumentTest, UnknownTagsAreRefused) {
  EXPECT_NE(error_of("a: !python/object x").find("expected no tag"), std::string::npos);
  EXPECT_NE(error_of("a: !!binary aGk=").find("expected no tag"), std::string::npos);
}

TEST(YamlDocumentTest, SyntaxErrorsHaveAPlace) {
  EXPECT_EQ(error_of("a: [1, 2\nb: 3\n").substr(0, 9), "x.yaml:2:");
  EXPECT_NE(error_of("a: *nothing"), "no error");
}

TEST(YamlDocumentTest, EnvironmentVariablesAreInserted) {
  ::setenv("CAMSWEEP_TEST_ROOT", "/data/cub", 1);
  ::unsetenv("CAMSWEEP_TEST_MISSING");

  EXPECT_EQ(read("root: \"${env:CAMSWEEP_TEST_ROOT}/images\"").at("root"), "/data/cub/images");
  EXPECT_EQ(error_of("d:\n  root: ${env:CAMSWEEP_TEST_MISSING}\n"),
            "x.yaml:2:9: d.root: the environment variable 'CAMSWEEP_TEST_MISSING' is not set");
  EXPECT_EQ(error_of("root: '${env:X'"), "x.yaml:1:7: root: '${env:' without its '}'");
}

TEST(YamlDocumentTest, PlacesAreThoseOfValuesAndKeys) {
  const YamlDocument document = parse_yaml("matrix:\n  lr: [1, 2]\n  a/b: 3\n", "x.yaml");

  EXPECT_EQ(document.place("/matrix/lr/1").text(), "x.yaml:2:11");
  EXPECT_EQ(document.key_place("/matrix/lr").text(), "x.yaml:2:3");
  EXPECT_EQ(document.place("/matrix/a~1b").text(), "x.yaml:3:8");
  EXPECT_EQ(document.place("/matrix/lr/1/unknown").text(), "x.yaml:2:11");
}

TEST(YamlDocumentTest, PathsAreReadable) {
  EXPECT_EQ(readable_path("/matrix/lr/0"), "matrix.lr[0]");
  EXPECT_EQ(readable_path("/a~1b"), "a/b");
  EXPECT_EQ(readable_path(""), "");
}

}  // namespace
}  // namespace camsweep
