#include "schemas/utf8.h"

#include <gtest/gtest.h>

namespace camsweep {
namespace {

TEST(Utf8Test, TextOfAnyLanguageIsUtf8) {
  for (const char* text : {"", "R\xc3\xbcppell", "\xe9\xb3\xa5", "\xf0\x9f\x90\xa6", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
    EXPECT_EQ(escaped(text), text);
  }
}

TEST(Utf8Test, OtherBytesAreNotAndAreWrittenOut) {
  EXPECT_EQ(escaped("R\xfcppell"), "R\\xfcppell");                 // Latin-1
  EXPECT_EQ(escaped("a\xc3"), "a\\xc3");                           // cut off
  EXPECT_EQ(escaped("\xc0\xaf"), "\\xc0\\xaf");                    // overlong
  EXPECT_EQ(escaped("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");           // overlong
  EXPECT_EQ(escaped("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // a surrogate
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  EXPECT_FALSE(is_utf8("wren/R\xfcppell.jpg"));
}

TEST(Utf8Test, ForeignBytesAreReplacedWithinJson) {
  EXPECT_EQ(valid_utf8("b\xe4r"), "b\xEF\xBF\xBDr");
  EXPECT_EQ(valid_utf8("b\xC3\xA4r"), "b\xC3\xA4r");
}

}  // namespace
}  // namespace camsweep
