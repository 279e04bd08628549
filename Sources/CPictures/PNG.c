#include "CPictures.h"
#include "Pixels.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

/// Bytes that a chunk may be unpacked to, where libpng keeps it.
static const png_alloc_size_t chunk_limit = 1 << 23;
/// One byte of a deflate stream stands for at most 1032; the difference is room for headers.
static const uint64_t most_bytes_a_byte = 1100;
/// Bytes of rows that are kept for the next picture.
static const size_t kept_bytes = 1 << 25;

struct pictures_png {
    png_structp png;
    png_infop info;
    jmp_buf leave;
    const uint8_t *bytes;
    size_t count, offset;
    pictures_status status;
    /// Rows before their channels are converted, reused from picture to picture.
    uint8_t *rows;
    size_t capacity;
    char message[128];
};

// --- what libpng calls ---

static void on_error(png_structp png, png_const_charp text)
{
    pictures_png *decoder = png_get_error_ptr(png);
    if (decoder->status == PICTURES_DONE) decoder->status = PICTURES_DAMAGED;
    snprintf(decoder->message, sizeof decoder->message, "%s", text);
    longjmp(decoder->leave, 1);
}

static void stay_silent(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void give_bytes(png_structp png, png_bytep target, size_t count)
{
    pictures_png *decoder = png_get_io_ptr(png);
    if (count > decoder->count - decoder->offset) {
        decoder->status = PICTURES_CUT_SHORT;
        png_error(png, "the file ends early");
    }
    memcpy(target, decoder->bytes + decoder->offset, count);
    decoder->offset += count;
}

// --- life ---

pictures_png *pictures_png_create(void) { return calloc(1, sizeof(pictures_png)); }

static void close_picture(pictures_png *decoder)
{
    png_destroy_read_struct(&decoder->png, &decoder->info, NULL);
    decoder->png = NULL;
    decoder->info = NULL;
    if (decoder->capacity > kept_bytes) {
        free(decoder->rows);
        decoder->rows = NULL;
        decoder->capacity = 0;
    }
}

static pictures_status failed(pictures_png *decoder)
{
    close_picture(decoder);
    return decoder->status;
}

void pictures_png_destroy(pictures_png *decoder)
{
    if (!decoder) return;
    close_picture(decoder);
    free(decoder->rows);
    free(decoder);
}

const char *pictures_png_message(const pictures_png *decoder) { return decoder->message; }

// --- header ---

/// Chunks that say nothing about pixels, or that Pillow ignores too, are passed over; their checksums still count.
static void pass_over(png_structp png)
{
    static const png_byte names[] = "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0"
                                    "tEXt\0tIME\0zTXt";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, names, sizeof names / 5);
}

pictures_status pictures_png_open(
    pictures_png *decoder, const uint8_t *bytes, size_t count, pictures_header *header)
{
    memset(header, 0, sizeof *header);
    close_picture(decoder);
    decoder->bytes = bytes;
    decoder->count = count;
    decoder->offset = 0;
    decoder->status = PICTURES_DONE;
    if (setjmp(decoder->leave)) return failed(decoder);
    decoder->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, decoder, on_error, stay_silent);
    decoder->info = decoder->png ? png_create_info_struct(decoder->png) : NULL;
    if (!decoder->info) {
        decoder->status = PICTURES_NO_MEMORY;
        return failed(decoder);
    }
    png_structp png = decoder->png;
    png_set_benign_errors(png, 1);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); // the caller judges the extents
    png_set_chunk_malloc_max(png, chunk_limit);
    pass_over(png);
    png_set_read_fn(png, decoder, give_bytes);
    png_read_info(png, decoder->info);
    header->height = png_get_image_height(png, decoder->info);
    header->width = png_get_image_width(png, decoder->info);
    header->channels = png_get_color_type(png, decoder->info) & PNG_COLOR_MASK_COLOR ? 3 : 1;
    header->bits = png_get_bit_depth(png, decoder->info) == 16 ? 16 : 8;
    header->least_bytes = (uint64_t)header->height * png_get_rowbytes(png, decoder->info) / most_bytes_a_byte;
    return PICTURES_DONE;
}

// --- pixels ---

/// Room for `size` bytes; leaves by an error where there is none.
static uint8_t *room(pictures_png *decoder, size_t size)
{
    if (size > decoder->capacity) {
        free(decoder->rows);
        decoder->rows = malloc(size);
        decoder->capacity = decoder->rows ? size : 0;
    }
    if (!decoder->rows) {
        decoder->status = PICTURES_NO_MEMORY;
        png_error(decoder->png, "out of memory");
    }
    return decoder->rows;
}

static void convert_row(const pictures_png *decoder, int bits, int from_channels, const void *from, void *to, int channels)
{
    const size_t width = png_get_image_width(decoder->png, decoder->info);
    if (bits == 16) {
        pictures_convert16(from, from_channels, to, width, channels);
    } else {
        pictures_convert8(from, from_channels, to, width, channels);
    }
}

static void read_rows(pictures_png *decoder, int channels, uint8_t *pixels)
{
    png_structp png = decoder->png;
    png_set_expand(png);
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) png_set_swap(png); // samples of 16 bits lie in the other order
    const int passes = png_set_interlace_handling(png);
    png_read_update_info(png, decoder->info);
    const int from_channels = png_get_channels(png, decoder->info), bits = png_get_bit_depth(png, decoder->info);
    const size_t height = png_get_image_height(png, decoder->info);
    const size_t row_bytes = png_get_rowbytes(png, decoder->info);
    const size_t wanted = (size_t)png_get_image_width(png, decoder->info) * channels * (bits / 8);
    if (from_channels == channels) {
        for (int pass = 0; pass < passes; pass++) {
            for (size_t y = 0; y < height; y++) png_read_row(png, pixels + y * wanted, NULL);
        }
    } else if (passes == 1) {
        uint8_t *row = room(decoder, row_bytes);
        for (size_t y = 0; y < height; y++) {
            png_read_row(png, row, NULL);
            convert_row(decoder, bits, from_channels, row, pixels + y * wanted, channels);
        }
    } else { // a pass fills some pixels of a row: all of it is kept until the last
        uint8_t *rows = room(decoder, height * row_bytes);
        for (int pass = 0; pass < passes; pass++) {
            for (size_t y = 0; y < height; y++) png_read_row(png, rows + y * row_bytes, NULL);
        }
        for (size_t y = 0; y < height; y++) {
            convert_row(decoder, bits, from_channels, rows + y * row_bytes, pixels + y * wanted, channels);
        }
    }
    png_read_end(png, NULL);
}

pictures_status pictures_png_read(pictures_png *decoder, int channels, void *pixels)
{
    if (setjmp(decoder->leave)) return failed(decoder);
    read_rows(decoder, channels, pixels);
    close_picture(decoder);
    return PICTURES_DONE;
}

static void read_numbers(pictures_png *decoder, uint8_t *numbers)
{
    png_structp png = decoder->png;
    const int type = png_get_color_type(png, decoder->info);
    if (png_get_bit_depth(png, decoder->info) == 16 || (type != PNG_COLOR_TYPE_GRAY && type != PNG_COLOR_TYPE_PALETTE)) {
        decoder->status = PICTURES_UNSUPPORTED;
        png_error(png, "a mask has one number a pixel, and this picture has colours, opacity or 16 bits");
    }
    png_set_packing(png);
    const int passes = png_set_interlace_handling(png);
    png_read_update_info(png, decoder->info);
    const size_t height = png_get_image_height(png, decoder->info);
    const size_t width = png_get_image_width(png, decoder->info);
    for (int pass = 0; pass < passes; pass++) {
        for (size_t y = 0; y < height; y++) png_read_row(png, numbers + y * width, NULL);
    }
    png_read_end(png, NULL);
}

pictures_status pictures_png_read_numbers(pictures_png *decoder, uint8_t *numbers)
{
    if (setjmp(decoder->leave)) return failed(decoder);
    read_numbers(decoder, numbers);
    close_picture(decoder);
    return PICTURES_DONE;
}
