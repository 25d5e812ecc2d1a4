//===- Picture.cpp - a mask on paper --------------------------------------===//

#include "tools/effattn-draw/Picture.h"

#include "lib/Driver/Output.h"

#include <algorithm>
#include <cairo-svg.h>
#include <cairo.h>
#include <fmt/format.h>
#include <memory>

namespace effattn {

namespace {

constexpr double kMask = 640, kMargin = 56, kTop = 40, kLegend = 44;

struct Colour {
  double red, green, blue;
};
constexpr Colour kPaper{1, 1, 1}, kInk{0.15, 0.15, 0.18},
    kFrame{0.75, 0.75, 0.78}, kVisible{0.13, 0.35, 0.60},
    kFull{0.13, 0.35, 0.60}, kPartial{0.93, 0.60, 0.13},
    kSkipped{0.955, 0.955, 0.965};

Colour mix(Colour from, Colour to, double share) {
  share = std::clamp(share, 0.0, 1.0);
  return {from.red + (to.red - from.red) * share,
          from.green + (to.green - from.green) * share,
          from.blue + (to.blue - from.blue) * share};
}

/// A thin line must stay visible: any share above 0 takes a fifth of the ink.
double inkOf(double share) { return share <= 0 ? 0 : 0.2 + 0.8 * share; }

Colour colourOf(const Cell &cell, bool tiles) {
  if (!tiles)
    return mix(kSkipped, kVisible, inkOf(cell.visible));
  double touched = cell.full + cell.partial;
  if (touched <= 0)
    return kSkipped;
  return mix(kSkipped, mix(kFull, kPartial, cell.partial / touched),
             inkOf(touched));
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

class Painter {
public:
  Painter(cairo_t *cairo, const Mask &mask, const PictureOptions &options)
      : cairo(cairo), mask(mask), options(options) {
    double longest = static_cast<double>(std::max(mask.queries, mask.keys));
    width = std::max(kMask * mask.keys / longest, 24.0);
    height = std::max(kMask * mask.queries / longest, 24.0);
  }
  double pageWidth() const { return std::max(width, 420.0) + 2 * kMargin; }
  double pageHeight() const { return height + kTop + kMargin + kLegend; }

  void paint() {
    use(kPaper);
    cairo_paint(cairo);
    cells();
    use(kFrame);
    cairo_set_line_width(cairo, 1);
    cairo_rectangle(cairo, kMargin, kTop, width, height);
    cairo_stroke(cairo);
    text(kMargin, kTop - 16, 15, options.title);
    axes();
    legend();
  }

private:
  void use(Colour colour) {
    cairo_set_source_rgb(cairo, colour.red, colour.green, colour.blue);
  }
  void text(double x, double y, double size, const std::string &words) {
    use(kInk);
    cairo_select_font_face(cairo, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo, size);
    cairo_move_to(cairo, x, y);
    cairo_show_text(cairo, words.c_str());
  }
  double widthOf(const std::string &words) {
    cairo_text_extents_t extents;
    cairo_text_extents(cairo, words.c_str(), &extents);
    return extents.x_advance;
  }
  /// Equal neighbours of a row are one rectangle: smaller files, no seams.
  void cells() {
    cairo_set_antialias(cairo, CAIRO_ANTIALIAS_NONE);
    double cellWidth = width / mask.columns, cellHeight = height / mask.rows;
    for (int row = 0; row < mask.rows; ++row)
      for (int start = 0, end; start < mask.columns; start = end) {
        Colour colour = colourOf(mask.at(row, start), options.tiles);
        for (end = start + 1; end < mask.columns; ++end) {
          Colour next = colourOf(mask.at(row, end), options.tiles);
          if (next.red != colour.red || next.blue != colour.blue)
            break;
        }
        use(colour);
        cairo_rectangle(cairo, kMargin + start * cellWidth,
                        kTop + row * cellHeight, (end - start) * cellWidth,
                        cellHeight);
        cairo_fill(cairo);
      }
    cairo_set_antialias(cairo, CAIRO_ANTIALIAS_DEFAULT);
  }
  void axes() {
    double below = kTop + height + 16;
    text(kMargin, below, 11, "0");
    std::string last = fmt::format("{}", mask.keys - 1);
    text(kMargin + width - widthOf(last), below, 11, last);
    text(kMargin + width / 2 - 20, below, 11, "key");
    text(kMargin - 14, kTop + 11, 11, "0");
    last = fmt::format("{}", mask.queries - 1);
    text(std::max(kMargin - 6 - widthOf(last), 2.0), kTop + height, 11, last);
    text(8, kTop + height / 2, 11, "query");
  }
  void entry(double &x, Colour colour, const std::string &words) {
    double y = kTop + height + 34;
    use(colour);
    cairo_rectangle(cairo, x, y, 14, 14);
    cairo_fill_preserve(cairo);
    use(kFrame);
    cairo_stroke(cairo);
    text(x + 20, y + 12, 12, words);
    x += 38 + widthOf(words);
  }
  void legend() {
    double x = kMargin;
    if (!options.tiles) {
      entry(x, kVisible, "visible");
      entry(x, kSkipped, "not visible");
      return;
    }
    entry(x, kFull, "full: computed without a mask");
    entry(x, kPartial, "partial: masked");
    entry(x, kSkipped, "skipped");
  }

  cairo_t *cairo;
  const Mask &mask;
  const PictureOptions &options;
  double width, height;
};

} // namespace

std::string drawPicture(const Mask &mask, const PictureOptions &options,
                        const std::string &path) {
  bool isSvg = llvm::StringRef(path).ends_with(".svg");
  Painter measure(nullptr, mask, options);
  double width = measure.pageWidth(), height = measure.pageHeight();
  std::string bytes;
  {
    Surface page;
    page.surface = isSvg ? cairo_svg_surface_create_for_stream(append, &bytes,
                                                               width, height)
                         : cairo_image_surface_create(CAIRO_FORMAT_RGB24,
                                                      static_cast<int>(width),
                                                      static_cast<int>(height));
    page.cairo = cairo_create(page.surface);
    Painter(page.cairo, mask, options).paint();
    if (!isSvg)
      cairo_surface_write_to_png_stream(page.surface, append, &bytes);
    cairo_surface_finish(page.surface);
    cairo_status_t status = cairo_status(page.cairo);
    if (status != CAIRO_STATUS_SUCCESS)
      return cairo_status_to_string(status);
  }
  if (auto error = writeFile(path, bytes))
    return llvm::toString(std::move(error));
  return {};
}

} // namespace effattn
