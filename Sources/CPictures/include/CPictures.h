/// Pixels of JPEG and PNG files in memory, by libjpeg and libpng.
///
/// Both libraries leave their functions by longjmp where something is wrong, which must not cross Swift: the functions
/// here catch it and give a status. They write nothing to standard output or error.
#ifndef CPICTURES_H
#define CPICTURES_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
    PICTURES_DONE = 0,
    /// The file ends before the picture does.
    PICTURES_CUT_SHORT,
    /// The library's text says what is wrong.
    PICTURES_DAMAGED,
    /// A kind of file that the library, or this code, does not decode; the text says which.
    PICTURES_UNSUPPORTED,
    /// A JPEG file in more scans than were allowed.
    PICTURES_MANY_SCANS,
    PICTURES_NO_MEMORY,
} pictures_status;

typedef struct {
    /// Pixels, as they lie in the file.
    uint32_t height, width;
    /// 1 for grey, 3 for colour.
    int32_t channels;
    /// 8 or 16 bits a sample, when decoded.
    int32_t bits;
    /// A file of such extents has at least so many bytes, however well it is compressed.
    uint64_t least_bytes;
    /// The contents of a JPEG file's first segment of Exif data, behind its name; NULL without one. They stay until the
    /// decoder's next call.
    const uint8_t *exif;
    size_t exif_count;
} pictures_header;

/// Decodes one JPEG file after another.
typedef struct pictures_jpeg pictures_jpeg;
/// NULL when memory is short.
pictures_jpeg *pictures_jpeg_create(void);
void pictures_jpeg_destroy(pictures_jpeg *decoder);
/// Reads the header of a file, whose bytes must stay until the last call for it.
pictures_status pictures_jpeg_open(
    pictures_jpeg *decoder, const uint8_t *bytes, size_t count, pictures_header *header);
/// Writes the pixels of the file that was opened: [height, width, channels] of 8 bits, 1 grey or 3 RGB.
pictures_status pictures_jpeg_read(pictures_jpeg *decoder, int channels, int most_scans, uint8_t *pixels);
/// What is wrong, after a call that failed.
const char *pictures_jpeg_message(const pictures_jpeg *decoder);

/// Decodes one PNG file after another.
typedef struct pictures_png pictures_png;
/// NULL when memory is short.
pictures_png *pictures_png_create(void);
void pictures_png_destroy(pictures_png *decoder);
/// As pictures_jpeg_open; finds no Exif data.
pictures_status pictures_png_open(
    pictures_png *decoder, const uint8_t *bytes, size_t count, pictures_header *header);
/// As pictures_jpeg_read, of samples with the bits of the header, 16 in the machine's order; laid over white.
pictures_status pictures_png_read(pictures_png *decoder, int channels, void *pixels);
/// Reads the numbers of a grey picture, or of one with a palette the places in it, a byte each and as they are.
pictures_status pictures_png_read_numbers(pictures_png *decoder, uint8_t *numbers);
const char *pictures_png_message(const pictures_png *decoder);

/// What libjpeg alone does for a file as its program djpeg calls it, a row at a time into one row; for benchmarks.
pictures_status pictures_jpeg_alone(const uint8_t *bytes, size_t count);

#endif
