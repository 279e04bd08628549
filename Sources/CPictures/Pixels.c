#include "Pixels.h"

/// x / 255, rounded, for products of two bytes.
static uint32_t by255(uint32_t x)
{
    x += 128;
    return (x + (x >> 8)) >> 8;
}

/// The weights of ITU-R 601 in 2⁻¹⁶.
static uint32_t luma(uint64_t red, uint64_t green, uint64_t blue)
{
    return (uint32_t)((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16);
}

static uint32_t over_white(uint64_t value, uint64_t opacity, uint64_t white)
{
    return (uint32_t)((value * opacity + white * (white - opacity) + white / 2) / white);
}

// The same text for both widths of samples.
#define CONVERT(NAME, SAMPLE, WHITE)                                                                                   \
    void NAME(const SAMPLE *from, int from_channels, SAMPLE *to, size_t width, int to_channels)                        \
    {                                                                                                                  \
        const int colours = from_channels < 3 ? 1 : 3;                                                                 \
        for (size_t x = 0; x < width; x++, from += from_channels, to += to_channels) {                                 \
            uint32_t pixel[3];                                                                                         \
            for (int i = 0; i < colours; i++) {                                                                        \
                pixel[i] = from_channels == colours ? from[i] : over_white(from[i], from[colours], WHITE);             \
            }                                                                                                          \
            if (to_channels == 1) {                                                                                    \
                to[0] = (SAMPLE)(colours == 1 ? pixel[0] : luma(pixel[0], pixel[1], pixel[2]));                        \
            } else {                                                                                                   \
                for (int i = 0; i < 3; i++) to[i] = (SAMPLE)pixel[colours == 1 ? 0 : i];                               \
            }                                                                                                          \
        }                                                                                                              \
    }

CONVERT(pictures_convert8, uint8_t, 255)
CONVERT(pictures_convert16, uint16_t, 65535)

void pictures_convert_cmyk(const uint8_t *from, uint8_t *to, size_t width, int to_channels)
{
    for (size_t x = 0; x < width; x++, from += 4, to += to_channels) {
        // Pillow's rule: what the black leaves, less the ink's share of it.
        const uint32_t black = from[3];
        uint32_t pixel[3];
        for (int i = 0; i < 3; i++) pixel[i] = black - by255((255u - from[i]) * black);
        if (to_channels == 1) {
            to[0] = (uint8_t)luma(pixel[0], pixel[1], pixel[2]);
        } else {
            for (int i = 0; i < 3; i++) to[i] = (uint8_t)pixel[i];
        }
    }
}
