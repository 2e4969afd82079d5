#include "results/html.h"

#include <gtest/gtest.h>

#include "tests/results/comparison_fixture.h"

namespace camsweep {
namespace {

TEST(HtmlTest, EscapesWhateverCouldBecomeMarkup) {
  EXPECT_EQ(html_escaped("<a href=\"x\" title='y'>&</a>"),
            "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;&lt;/a&gt;");
}

TEST(HtmlTest, TableHoldsNoMarkupOfUsers) {
  Comparison comparison = small_comparison();
  comparison.cells[0].parameters["backbone"] = "<script>alert(1)</script>";

  const std::string html = html_table(
      make_table(comparison, {.rows = {"backbone"}, .columns = {"augmentation"}, .values = {"cam.maxboxacc"}}));

  EXPECT_EQ(html.find("<script>"), std::string::npos);
  EXPECT_NE(html.find("class=best>72.5 ± 2.0 (n=3)"), std::string::npos) << html;
}

}  // namespace
}  // namespace camsweep
