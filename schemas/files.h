#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace camsweep {

// Reads a whole file. Throws Error (kEnvironment) naming it.
std::string read_file(const std::filesystem::path& file);

enum class Sync { kNo, kYes };

// Writes `bytes` beside `file` and renames, so that a reader sees the old content or the new one, never a part.
// With Sync::kYes file and folder are synced before and after the rename: what returned survives a power cut.
// Throws Error (kDiskFull, kEnvironment) and leaves no partial file.
void write_file(const std::filesystem::path& file, std::string_view bytes, Sync sync = Sync::kNo);

// Makes a folder and its parents. Throws Error (kDiskFull, kEnvironment).
void make_directories(const std::filesystem::path& folder);

// What a sweep file names, as an absolute path: a relative one starts at the sweep file's folder, or, where nothing is
// there, at the current folder. Empty if it is at neither.
std::filesystem::path resolve_path(const std::string& path, const std::filesystem::path& sweep_file);

}  // namespace camsweep
