#include "workers/localization/leading_component.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace camsweep {
namespace {

Rows rows_of(const at::Tensor& values) {
  Rows rows(values.size(0), static_cast<int>(values.size(1)));
  const at::Tensor plain = values.to(at::kFloat).contiguous();
  for (int64_t r = 0; r < rows.count(); ++r) {
    std::copy_n(plain.const_data_ptr<float>() + r * rows.width(), rows.width(), rows.row(r));
  }
  return rows;
}

TEST(LeadingComponentTest, IsTheSymmetricEigensolversForEveryWidth) {
  at::manual_seed(4);
  for (const int64_t width : {1, 2, 15, 16, 17, 49, 144}) {
    for (const int64_t count : {1, 3, 64, 65, 1024}) {
      const at::Tensor values = at::randn({count, 3}).mm(at::randn({3, width})) + 0.2 * at::randn({count, width});

      const auto found = leading_component(rows_of(values));

      const at::Tensor exact = values.to(at::kDouble);
      const auto [eigenvalues, eigenvectors] = at::linalg_eigh(exact.t().mm(exact));
      ASSERT_TRUE(found) << width;
      // The gate of the project's measurements: relative error 1e-5 of the value, |cos| of the direction 1 - 1e-5.
      const double value = eigenvalues[-1].item<double>();
      EXPECT_NEAR(found->eigenvalue, value, 1e-5 * value) << width << " " << count;
      EXPECT_NEAR(found->trace, exact.square().sum().item<double>(), 1e-5 * found->trace);
      const double cosine = eigenvectors.select(1, -1).dot(at::tensor(found->direction, at::kDouble)).item<double>();
      EXPECT_NEAR(std::abs(cosine), 1, 1e-5) << width << " " << count;
    }
  }
}

TEST(LeadingComponentTest, RowsOfOneDirectionHaveRateOne) {
  const at::Tensor values = at::outer(at::arange(1, 10, at::kFloat), at::arange(0, 20, at::kFloat));

  const auto found = leading_component(rows_of(values));

  ASSERT_TRUE(found);
  EXPECT_NEAR(found->rate(), 1, 1e-6);
}

TEST(LeadingComponentTest, RowsOfZerosOrNotFiniteHaveNone) {
  EXPECT_FALSE(leading_component(rows_of(at::zeros({4, 9}))));
  EXPECT_FALSE(leading_component(rows_of(at::full({4, 9}, std::numeric_limits<float>::quiet_NaN()))));
}

TEST(RowsTest, CentringTakesMeansOfColumnsOrRows) {
  const at::Tensor values = at::rand({70, 21}) + 3;
  Rows by_column = rows_of(values), by_row = rows_of(values);

  by_column.centre_columns();
  by_row.centre_rows();

  const at::Tensor columns = values - values.mean(0, true), rows = values - values.mean(1, true);
  for (int64_t r = 0; r < 70; ++r) {
    for (int64_t i = 0; i < 21; ++i) {
      EXPECT_NEAR(by_column.row(r)[i], columns[r][i].item<float>(), 1e-6);
      EXPECT_NEAR(by_row.row(r)[i], rows[r][i].item<float>(), 1e-6);
    }
  }
}

}  // namespace
}  // namespace camsweep
