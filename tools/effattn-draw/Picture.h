//===- Picture.h - masks on paper -------------------------------*- C++ -*-===//
#ifndef EFFATTN_TOOLS_DRAW_PICTURE_H
#define EFFATTN_TOOLS_DRAW_PICTURE_H

#include "lib/Driver/Mask.h"

#include <string>

namespace effattn {

struct PictureOptions {
  std::string title;
  bool tiles = true; ///< colour by tiling; otherwise by visibility alone
};

/// PNG or SVG, by the extension of `path`: the masks side by side, each with
/// its axes, and a title and a legend. Queries go down, keys to the right.
/// Empty, or what went wrong.
std::string drawPicture(const std::vector<Mask> &masks,
                        const PictureOptions &options, const std::string &path);

/// The same for a terminal: letters and shades, with a legend.
std::string drawText(const std::vector<Mask> &masks,
                     const PictureOptions &options);

} // namespace effattn

#endif // EFFATTN_TOOLS_DRAW_PICTURE_H
