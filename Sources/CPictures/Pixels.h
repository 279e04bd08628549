/// Rows of pixels from one layout of channels to another.
#ifndef CPICTURES_PIXELS_H
#define CPICTURES_PIXELS_H

#include <stddef.h>
#include <stdint.h>

/// Rows of 8 bits: `from` has 1 channel (grey), 2 (grey, opacity), 3 (RGB) or 4 (RGB, opacity), `to` 1 or 3. What is not
/// opaque is laid over white; grey is weighed from RGB as ITU-R 601 does, in Pillow's whole numbers.
void pictures_convert8(const uint8_t *from, int from_channels, uint8_t *to, size_t width, int to_channels);
/// The same of 16 bits.
void pictures_convert16(const uint16_t *from, int from_channels, uint16_t *to, size_t width, int to_channels);
/// A row of CMYK as JPEG files hold it, inverted as Adobe does: 255 is no ink.
void pictures_convert_cmyk(const uint8_t *from, uint8_t *to, size_t width, int to_channels);

#endif
