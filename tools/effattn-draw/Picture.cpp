//===- Picture.cpp - masks on paper ---------------------------------------===//

#include "tools/effattn-draw/Picture.h"

#include "lib/Driver/Output.h"

#include <algorithm>
#include <cairo-svg.h>
#include <cairo.h>
#include <cmath>
#include <fmt/format.h>
#include <memory>

namespace effattn {

namespace {

/// Longest side of a single mask, and of one of several.
constexpr double kMask = 640, kSmallMask = 300;
constexpr double kMargin = 56, kTop = 40, kLegend = 44, kGap = 64;

struct Colour {
  double red, green, blue;
  bool operator==(const Colour &) const = default;
};
constexpr Colour kPaper{1, 1, 1}, kInk{0.15, 0.15, 0.18},
    kFrame{0.75, 0.75, 0.78}, kFull{0.13, 0.35, 0.60},
    kPartial{0.93, 0.60, 0.13}, kMasked{0.99, 0.88, 0.68},
    kSkipped{0.955, 0.955, 0.965};

Colour mix(Colour from, Colour to, double share) {
  share = std::clamp(share, 0.0, 1.0);
  return {from.red + (to.red - from.red) * share,
          from.green + (to.green - from.green) * share,
          from.blue + (to.blue - from.blue) * share};
}

/// A thin line must stay visible: any share above 0 takes a fifth of the ink.
double inkOf(double share) { return share <= 0 ? 0 : 0.2 + 0.8 * share; }

/// Pairs of a partial tile are seen or masked; both are computed.
Colour colourOf(const Cell &cell, bool tiles) {
  if (!tiles)
    return mix(kSkipped, kFull, inkOf(cell.visible));
  double computed = cell.full + cell.partial;
  if (computed <= 0)
    return kSkipped;
  double seen =
      cell.partial > 0 ? (cell.visible - cell.full) / cell.partial : 0;
  Colour partial = mix(kMasked, kPartial, inkOf(seen));
  return mix(kSkipped, mix(kFull, partial, cell.partial / computed),
             inkOf(computed));
}

struct Surface {
  cairo_surface_t *surface = nullptr;
  cairo_t *cairo = nullptr;
  ~Surface() {
    if (cairo)
      cairo_destroy(cairo);
    if (surface)
      cairo_surface_destroy(surface);
  }
};

cairo_status_t append(void *bytes, const unsigned char *data, unsigned length) {
  static_cast<std::string *>(bytes)->append(
      reinterpret_cast<const char *>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

std::string titleOf(const Mask &mask) {
  if (mask.heads.empty() || mask.what.empty())
    return mask.heads + mask.what;
  return mask.heads + ", " + mask.what;
}

/// Where the masks are on the page.
struct Layout {
  explicit Layout(const std::vector<Mask> &masks) {
    double side = masks.size() == 1 ? kMask : kSmallMask;
    across = masks.size() == 1
                 ? 1
                 : std::min<size_t>(masks.size(),
                                    masks.size() <= 4
                                        ? 2
                                        : std::ceil(std::sqrt(masks.size())));
    for (const Mask &mask : masks) {
      double longest = static_cast<double>(std::max(mask.queries, mask.keys));
      widths.push_back(std::max(side * mask.keys / longest, 24.0));
      heights.push_back(std::max(side * mask.queries / longest, 24.0));
      cellWidth = std::max(cellWidth, widths.back());
      cellHeight = std::max(cellHeight, heights.back());
    }
    size_t down = (masks.size() + across - 1) / across;
    width = std::max(across * (cellWidth + kGap) - kGap, 480.0) + 2 * kMargin;
    body = down * (cellHeight + kGap) - kGap;
    height = body + kTop + kMargin + kLegend + (masks.size() > 1 ? 16 : 0);
    top = kTop + (masks.size() > 1 ? 16 : 0);
  }
  double xOf(size_t k) const {
    return kMargin + (k % across) * (cellWidth + kGap);
  }
  double yOf(size_t k) const {
    return top + (k / across) * (cellHeight + kGap);
  }

  size_t across = 1;
  std::vector<double> widths, heights;
  double cellWidth = 0, cellHeight = 0, width, height, body, top;
};

class Painter {
public:
  Painter(cairo_t *cairo, const std::vector<Mask> &masks,
          const PictureOptions &options, const Layout &layout)
      : cairo(cairo), masks(masks), options(options), layout(layout) {}

  void paint() {
    use(kPaper);
    cairo_paint(cairo);
    text(kMargin, 24, 15, options.title);
    for (size_t k = 0; k < masks.size(); ++k) {
      x = layout.xOf(k);
      y = layout.yOf(k);
      width = layout.widths[k];
      height = layout.heights[k];
      cells(masks[k]);
      use(kFrame);
      cairo_set_line_width(cairo, 1);
      cairo_rectangle(cairo, x, y, width, height);
      cairo_stroke(cairo);
      axes(masks[k]);
      if (masks.size() > 1)
        text(x, y - 6, 11, titleOf(masks[k]));
    }
    legend();
  }

private:
  void use(Colour colour) {
    cairo_set_source_rgb(cairo, colour.red, colour.green, colour.blue);
  }
  void text(double left, double base, double size, const std::string &words) {
    use(kInk);
    cairo_select_font_face(cairo, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo, size);
    cairo_move_to(cairo, left, base);
    cairo_show_text(cairo, words.c_str());
  }
  double widthOf(const std::string &words) {
    cairo_text_extents_t extents;
    cairo_text_extents(cairo, words.c_str(), &extents);
    return extents.x_advance;
  }
  /// Equal neighbours of a row are one rectangle: smaller files, no seams.
  void cells(const Mask &mask) {
    cairo_set_antialias(cairo, CAIRO_ANTIALIAS_NONE);
    double cellWidth = width / mask.columns, cellHeight = height / mask.rows;
    for (int row = 0; row < mask.rows; ++row)
      for (int start = 0, end; start < mask.columns; start = end) {
        Colour colour = colourOf(mask.at(row, start), options.tiles);
        for (end = start + 1; end < mask.columns; ++end)
          if (colourOf(mask.at(row, end), options.tiles) != colour)
            break;
        use(colour);
        cairo_rectangle(cairo, x + start * cellWidth, y + row * cellHeight,
                        (end - start) * cellWidth, cellHeight);
        cairo_fill(cairo);
      }
    cairo_set_antialias(cairo, CAIRO_ANTIALIAS_DEFAULT);
  }
  void axes(const Mask &mask) {
    double below = y + height + 14;
    text(x, below, 11, "0");
    std::string last = fmt::format("{}", mask.keys - 1);
    text(x + width - widthOf(last), below, 11, last);
    if (width > 90)
      text(x + width / 2 - 10, below, 11, "key");
    text(x - 14, y + 11, 11, "0");
    last = fmt::format("{}", mask.queries - 1);
    text(std::max(x - 6 - widthOf(last), 2.0), y + height, 11, last);
    if (height > 60)
      text(x - 48, y + height / 2, 11, "query");
  }
  void entry(double &left, Colour colour, const std::string &words) {
    double top = layout.height - 34;
    use(colour);
    cairo_rectangle(cairo, left, top, 14, 14);
    cairo_fill_preserve(cairo);
    use(kFrame);
    cairo_stroke(cairo);
    text(left + 20, top + 12, 12, words);
    left += 34 + widthOf(words);
  }
  void legend() {
    double left = kMargin;
    if (!options.tiles) {
      entry(left, kFull, "visible");
      entry(left, kSkipped, "not visible");
      return;
    }
    entry(left, kFull, "full: no mask");
    entry(left, kPartial, "partial: seen");
    entry(left, kMasked, "partial: masked");
    entry(left, kSkipped, "skipped");
  }

  cairo_t *cairo;
  const std::vector<Mask> &masks;
  const PictureOptions &options;
  const Layout &layout;
  double x = 0, y = 0, width = 0, height = 0; ///< of the mask at hand
};

/// SVG text is drawn as outlines: a description says the same in words.
std::string describe(const std::vector<Mask> &masks,
                     const PictureOptions &options) {
  std::string text = "<title>" + options.title + "</title>\n<desc>legend: ";
  text += options.tiles
              ? "full: no mask (blue); partial: seen (orange), masked "
                "(light orange); skipped (grey)"
              : "visible (blue); not visible (grey)";
  for (const Mask &mask : masks)
    if (masks.size() > 1)
      text += "; " + titleOf(mask);
  return text + "</desc>\n";
}

void insertDescription(std::string &svg, const std::string &description) {
  size_t start = svg.find("<svg");
  size_t end = start == std::string::npos ? start : svg.find('>', start);
  if (end != std::string::npos)
    svg.insert(end + 1, "\n" + description);
}

} // namespace

std::string drawPicture(const std::vector<Mask> &masks,
                        const PictureOptions &options,
                        const std::string &path) {
  bool isSvg = llvm::StringRef(path).ends_with(".svg");
  Layout layout(masks);
  std::string bytes;
  {
    Surface page;
    page.surface =
        isSvg ? cairo_svg_surface_create_for_stream(append, &bytes,
                                                    layout.width, layout.height)
              : cairo_image_surface_create(CAIRO_FORMAT_RGB24,
                                           static_cast<int>(layout.width),
                                           static_cast<int>(layout.height));
    page.cairo = cairo_create(page.surface);
    Painter(page.cairo, masks, options, layout).paint();
    if (!isSvg)
      cairo_surface_write_to_png_stream(page.surface, append, &bytes);
    cairo_surface_finish(page.surface);
    cairo_status_t status = cairo_status(page.cairo);
    if (status != CAIRO_STATUS_SUCCESS)
      return cairo_status_to_string(status);
  }
  if (isSvg)
    insertDescription(bytes, describe(masks, options));
  if (auto error = writeFile(path, bytes))
    return llvm::toString(std::move(error));
  return {};
}

std::string drawText(const std::vector<Mask> &masks,
                     const PictureOptions &options) {
  std::string text = options.title + "\n";
  for (const Mask &mask : masks) {
    if (masks.size() > 1)
      text += titleOf(mask) + "\n";
    if (!options.tiles) {
      text += textOf(mask, "  ");
      continue;
    }
    for (int row = 0; row < mask.rows; ++row) {
      text += "  ";
      for (int column = 0; column < mask.columns; ++column) {
        const Cell &cell = mask.at(row, column);
        text += cell.full + cell.partial <= 0  ? "·"
                : cell.full >= cell.partial    ? "█"
                : cell.visible - cell.full > 0 ? "▒"
                                               : "░";
      }
      text += "\n";
    }
  }
  text += options.tiles
              ? "legend: █ full: no mask  ▒ partial: seen  ░ partial: masked  "
                "· skipped; queries down, keys to the right\n"
              : std::string("legend: ") + kShadeLegend + "\n";
  return text;
}

} // namespace effattn
