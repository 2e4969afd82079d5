#include "results/html.h"

#include <fmt/format.h>

#include <cctype>
#include <cstdint>
#include <map>

#include "results/metric_info.h"
#include "schemas/files.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr size_t kImagesShown = 24;

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0);
    for (size_t k = 0; k < 4; ++k) text += i + k > bytes.size() ? '=' : kDigits[group >> (18 - 6 * k) & 63];
  }
  return text;
}

std::string cell(std::string_view tag, std::string_view text, std::string_view attributes = "") {
  return fmt::format("<{0}{2}>{1}</{0}>", tag, text, attributes);
}

// The metrics as a first header line, the values of the column parameters as the second.
std::string header_lines(const Table& table) {
  const bool two_lines = !table.spec.columns.empty();
  std::string first;
  std::string second;
  for (const std::string& name : table.spec.rows)
    first += cell("th", html_escaped(name), two_lines ? " rowspan=2" : "");
  for (size_t i = 0; i < table.columns.size();) {
    size_t end = i;
    while (end < table.columns.size() && table.columns[end].metric == table.columns[i].metric) ++end;
    first += cell("th", html_escaped(metric_info(table.columns[i].metric).title),
                  fmt::format(" class=group colspan={}", end - i));
    i = end;
  }
  for (const TableColumn& column : table.columns) {
    std::string keys;
    for (size_t i = 0; i < column.keys.size(); ++i) {
      keys += (i > 0 ? ", " : "") + table.spec.columns[i] + " " + column.keys[i];
    }
    second += cell("th", html_escaped(keys));
  }
  return "<thead><tr>" + first + "</tr>" + (two_lines ? "<tr>" + second + "</tr>" : "") + "</thead>";
}

std::string floor_lines(const Table& table) {
  std::string html;
  for (const FloorRow& floor : table.floors) {
    html += &floor == &table.floors.front() ? "<tr class=\"floor first\">" : "<tr class=floor>";
    html += cell("th", html_escaped(floor.title), fmt::format(" colspan={}", table.spec.rows.size()));
    for (const std::string& text : floor.texts) html += cell("td", html_escaped(text));
    html += "</tr>";
  }
  return html;
}

using Grid = std::map<std::string, std::map<std::string, const Overlay*>>;  // image -> cell -> overlay

// A relative path as a URL: all but plain characters in percent form.
std::string url_path(const std::string& path) {
  std::string url;
  for (const char c : path) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("-._~/").find(c) != std::string_view::npos;
    url += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return url;
}

class Embedder {
 public:
  Embedder(fs::path page, size_t bytes_left) : page_(std::move(page)), bytes_left_(bytes_left) {}

  std::string source(const fs::path& file) {
    std::error_code error;
    const uintmax_t size = fs::file_size(file, error);
    if (error) return "";
    if (size * 4 / 3 <= bytes_left_) {
      bytes_left_ -= size * 4 / 3;
      return data_uri(file, "image/png");
    }
    return html_escaped(url_path(fs::relative(file, page_.parent_path(), error).generic_string()));
  }

 private:
  fs::path page_;
  size_t bytes_left_;
};

std::string no_picture(const ComparedCell& compared) {
  const std::string stage(stage_name(Stage::kLocalize));
  if (compared.failed_stages.contains(stage)) return "failed";
  return compared.pending_stages.contains(stage) ? "not run yet" : "–";
}

std::string grid_table(const Comparison& comparison, const Grid& grid, Embedder& embedder) {
  const std::vector<std::string> varying = varying_parameters(comparison.cells);
  std::string html = "<table class=grid><tr><th></th>";
  for (const ComparedCell& compared : comparison.cells) html += cell("th", html_escaped(cell_title(compared, varying)));
  html += "</tr>";
  size_t shown = 0;
  for (const auto& [image, by_cell] : grid) {
    if (shown++ == kImagesShown) break;
    html += "<tr>" + cell("th", html_escaped(fs::path(image).replace_extension().string()));
    for (const ComparedCell& compared : comparison.cells) {
      const auto found = by_cell.find(compared.id);
      const std::string source = found == by_cell.end() ? "" : embedder.source(found->second->file);
      html += source.empty()
                  ? cell("td", no_picture(compared))
                  : fmt::format("<td><img loading=lazy alt=\"{}\" src=\"{}\"></td>", html_escaped(image), source);
    }
    html += "</tr>";
  }
  html += "</table>";
  if (grid.size() > kImagesShown)
    html += fmt::format("<p class=summary>The first {} of {} images.</p>", kImagesShown, grid.size());
  return html;
}

std::string grid_block(int index, const Comparison& comparison, const Grid& grid, Embedder& embedder) {
  return fmt::format("<div class=\"block b{}\">{}</div>", index, grid_table(comparison, grid, embedder));
}

std::string button(int index, const std::string& method) {
  return fmt::format("<input class=pick type=radio name=method id=m{0}{1}><label for=m{0}>{2}</label>", index,
                     index == 0 ? " checked" : "", html_escaped(source_title(method)));
}

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string data_uri(const fs::path& file, std::string_view type) {
  return fmt::format("data:{};base64,{}", type, base64(read_file(file)));
}

std::string html_table(const Table& table) {
  std::string html = "<div class=scroll><table class=numbers>" + header_lines(table);
  for (const TableRow& row : table.rows) {
    html += "<tr>";
    for (const std::string& key : row.keys) html += cell("th", html_escaped(key), " scope=row");
    for (size_t i = 0; i < row.fields.size(); ++i) {
      const TableField& field = row.fields[i];
      const std::string text = html_escaped(field_text(field, table.columns[i].metric));
      html += cell("td", text, field.best ? " class=best" : "");
    }
    html += "</tr>";
  }
  html += floor_lines(table) + "</table></div><ul class=notes>";
  for (const std::string& note : table.notes) html += cell("li", html_escaped(note));
  return html + "</ul>";
}

// Radio buttons choose the method: no script is needed, and on paper the chosen one shows.
std::string html_overlays(const Comparison& comparison, const fs::path& page, const OverlayOptions& options) {
  std::map<std::string, Grid> grids;
  for (const Overlay& overlay : comparison.overlays) {
    grids[overlay.method][overlay.image].emplace(overlay.cell, &overlay);
  }
  if (grids.empty()) return "";
  const std::string chosen = grids.contains(options.method) ? options.method : grids.begin()->first;
  Embedder embedder(page, options.embedded_bytes);
  std::string blocks = grid_block(0, comparison, grids.at(chosen), embedder);  // the first to be embedded
  std::string buttons = button(0, chosen);
  int index = 1;
  for (const auto& [method, grid] : grids) {
    if (method == chosen || index == kMaxMethods) continue;
    buttons += button(index, method);
    blocks += grid_block(index++, comparison, grid, embedder);
  }
  return buttons + blocks;
}

}  // namespace camsweep
