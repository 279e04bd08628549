#include "CPictureEncoding.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

struct output {
    uint8_t *bytes;
    size_t count;
};

static void take(png_structp png, png_bytep bytes, size_t count)
{
    struct output *output = png_get_io_ptr(png);
    uint8_t *longer = realloc(output->bytes, output->count + count);
    if (!longer) png_error(png, "no memory");
    memcpy(longer + output->count, bytes, count);
    output->bytes = longer;
    output->count += count;
}

static void flush(png_structp png) { (void)png; }

static void set_colours(png_structp png, png_infop info, encode_png_settings settings)
{
    if (settings.palette) png_set_PLTE(png, info, (png_const_colorp)settings.palette, settings.palette_count);
    if (!settings.transparent) return;
    const uint16_t *given = settings.transparent;
    if (settings.colour_type == PNG_COLOR_TYPE_PALETTE) {
        png_byte opacity[256];
        for (int i = 0; i < settings.transparent_count; i++) opacity[i] = (png_byte)given[i];
        png_set_tRNS(png, info, opacity, settings.transparent_count, NULL);
    } else {
        png_color_16 colour = {0};
        colour.gray = given[0];
        if (settings.transparent_count == 3) {
            colour.red = given[0];
            colour.green = given[1];
            colour.blue = given[2];
        }
        png_set_tRNS(png, info, NULL, 0, &colour);
    }
}

static void write_picture(
    png_structp png, png_infop info, const uint8_t *rows, size_t row_bytes, uint32_t height, uint32_t width,
    encode_png_settings settings)
{
    png_set_IHDR(
        png, info, width, height, settings.bit_depth, settings.colour_type,
        settings.is_interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
        PNG_FILTER_TYPE_DEFAULT);
    set_colours(png, info, settings);
    png_write_info(png, info);
    const int passes = png_set_interlace_handling(png);
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t y = 0; y < height; y++) png_write_row(png, rows + y * row_bytes);
    }
    png_write_end(png, info);
}

uint8_t *encode_png(
    const uint8_t *rows, size_t row_bytes, uint32_t height, uint32_t width, encode_png_settings settings,
    size_t *count)
{
    struct output output = {NULL, 0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        return NULL;
    }
    png_set_write_fn(png, &output, take, flush);
    write_picture(png, info, rows, row_bytes, height, width, settings);
    png_destroy_write_struct(&png, &info);
    *count = output.count;
    return output.bytes;
}
