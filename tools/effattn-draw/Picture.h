//===- Picture.h - a mask on paper ------------------------------*- C++ -*-===//
#ifndef EFFATTN_TOOLS_DRAW_PICTURE_H
#define EFFATTN_TOOLS_DRAW_PICTURE_H

#include "lib/Driver/Mask.h"

#include <string>

namespace effattn {

struct PictureOptions {
  std::string title;
  bool tiles = false; ///< colour by tiling instead of visibility
};

/// PNG or SVG, by the extension of `path`: the mask with axes, title and
/// legend. Queries go down, keys to the right. Empty, or what went wrong.
std::string drawPicture(const Mask &mask, const PictureOptions &options,
                        const std::string &path);

} // namespace effattn

#endif // EFFATTN_TOOLS_DRAW_PICTURE_H
