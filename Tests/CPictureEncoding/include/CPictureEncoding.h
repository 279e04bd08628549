/// JPEG and PNG files of every kind for tests, by libjpeg and libpng.
#ifndef CPICTUREENCODING_H
#define CPICTUREENCODING_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
    ENCODE_GREY,
    /// From RGB.
    ENCODE_YCC,
    /// RGB with Adobe's marker.
    ENCODE_RGB,
    /// Four components that are written as they are, with Adobe's marker.
    ENCODE_CMYK,
    /// From four components; Adobe's marker says so.
    ENCODE_YCCK,
} encode_colours;

typedef struct {
    encode_colours colours;
    int quality;
    /// Of the first component, 1 or 2.
    int across, down;
    int is_progressive;
    int is_arithmetic;
    /// MCUs between restart markers; 0 for none.
    int restart;
    /// The contents of a segment APP1; NULL for none.
    const uint8_t *app1;
    size_t app1_count;
} encode_jpeg_settings;

/// Writes a JPEG file of [height, width, components] samples into memory that the caller frees; NULL on an error.
uint8_t *encode_jpeg(
    const uint8_t *samples, uint32_t height, uint32_t width, encode_jpeg_settings settings, size_t *count);

typedef struct {
    /// PNG's own number: 0 grey, 2 RGB, 3 palette, 4 grey and opacity, 6 RGB and opacity.
    int colour_type;
    int bit_depth;
    int is_interlaced;
    /// 3 bytes each.
    const uint8_t *palette;
    int palette_count;
    /// For palettes a byte of opacity for each of the first colours; else one colour that is transparent, of as many
    /// samples as the type has.
    const uint16_t *transparent;
    int transparent_count;
} encode_png_settings;

/// Writes a PNG file of packed rows as PNG has them (16 bits with the high byte first) into memory that the caller
/// frees; NULL on an error.
uint8_t *encode_png(
    const uint8_t *rows, size_t row_bytes, uint32_t height, uint32_t width, encode_png_settings settings,
    size_t *count);

#endif
