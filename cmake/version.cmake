# The commit goes into every result's environment. Read at configure time: a build of an edited tree says so.
execute_process(COMMAND git -C ${PROJECT_SOURCE_DIR} describe --always --dirty --abbrev=12
                OUTPUT_VARIABLE CAMSWEEP_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT CAMSWEEP_COMMIT)
  set(CAMSWEEP_COMMIT "unknown")
endif()
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/version.h @ONLY CONTENT
"#pragma once
namespace camsweep {
inline constexpr const char* kVersion = \"@PROJECT_VERSION@\";
inline constexpr const char* kCommit = \"@CAMSWEEP_COMMIT@\";
}  // namespace camsweep
")
