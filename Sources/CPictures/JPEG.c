#include "CPictures.h"
#include "Pixels.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

/// Bytes that libjpeg may take for one picture: one in several scans is held as coefficients, of 2 bytes.
static const long memory_limit = 3L << 30;
/// Rows that are asked for at once.
enum { rows_at_once = 16 };

struct pictures_jpeg {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf leave;
    pictures_status status;
    int most_scans;
    char message[JMSG_LENGTH_MAX];
};

// --- what libjpeg calls ---

static pictures_jpeg *owner(j_common_ptr info) { return info->client_data; }

_Noreturn static void leave(j_common_ptr info, pictures_status status)
{
    pictures_jpeg *decoder = owner(info);
    decoder->status = status;
    info->err->format_message(info, decoder->message);
    longjmp(decoder->leave, 1);
}

static void on_error(j_common_ptr info)
{
    switch (info->err->msg_code) {
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE:
        leave(info, PICTURES_NO_MEMORY);
    case JERR_INPUT_EMPTY:
    case JERR_INPUT_EOF:
        leave(info, PICTURES_CUT_SHORT);
    case JERR_SOF_UNSUPPORTED:
    case JERR_BAD_PRECISION:
    case JERR_ARITH_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_CONVERSION_NOTIMPL:
        leave(info, PICTURES_UNSUPPORTED);
    default:
        leave(info, PICTURES_DAMAGED);
    }
}

/// A warning after which pixels are not those that were encoded is an error.
static void on_message(j_common_ptr info, int level)
{
    if (level >= 0) return; // a trace
    switch (info->err->msg_code) {
    case JWRN_JPEG_EOF:
        leave(info, PICTURES_CUT_SHORT);
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
        leave(info, PICTURES_DAMAGED);
    default:
        return;
    }
}

static void stay_silent(j_common_ptr info) { (void)info; }

static void count_scans(j_common_ptr info)
{
    pictures_jpeg *decoder = owner(info);
    if (decoder->info.input_scan_number <= decoder->most_scans) return;
    decoder->status = PICTURES_MANY_SCANS;
    longjmp(decoder->leave, 1);
}

/// Lets the picture's memory go.
static pictures_status failed(pictures_jpeg *decoder)
{
    jpeg_abort_decompress(&decoder->info);
    return decoder->status;
}

// --- life ---

pictures_jpeg *pictures_jpeg_create(void)
{
    pictures_jpeg *const decoder = calloc(1, sizeof *decoder);
    if (!decoder) return NULL;
    struct jpeg_decompress_struct *info = &decoder->info;
    info->err = jpeg_std_error(&decoder->errors);
    decoder->errors.error_exit = on_error;
    decoder->errors.emit_message = on_message;
    decoder->errors.output_message = stay_silent;
    info->client_data = decoder;
    if (setjmp(decoder->leave)) {
        jpeg_destroy_decompress(info);
        free(decoder);
        return NULL;
    }
    jpeg_create_decompress(info); // keeps the error manager and the client's data
    info->mem->max_memory_to_use = memory_limit;
    jpeg_save_markers(info, JPEG_APP0 + 1, 0xFFFF); // of Exif data
    decoder->progress.progress_monitor = count_scans;
    info->progress = &decoder->progress;
    return decoder;
}

void pictures_jpeg_destroy(pictures_jpeg *decoder)
{
    if (!decoder) return;
    jpeg_destroy_decompress(&decoder->info);
    free(decoder);
}

const char *pictures_jpeg_message(const pictures_jpeg *decoder) { return decoder->message; }

// --- header ---

static pictures_status refuse(pictures_jpeg *decoder, const char *what)
{
    snprintf(decoder->message, sizeof decoder->message, "%s", what);
    return PICTURES_UNSUPPORTED;
}

/// The first scans that code a component spend a bit on each of its blocks at least, but for arithmetic coding.
static uint64_t least_bytes(const struct jpeg_decompress_struct *info)
{
    if (info->arith_code) return 0;
    uint64_t blocks = 0;
    for (int i = 0; i < info->num_components; i++) {
        const jpeg_component_info *component = info->comp_info + i;
        blocks += (uint64_t)component->width_in_blocks * component->height_in_blocks;
    }
    return blocks / 8;
}

static void find_exif(const struct jpeg_decompress_struct *info, pictures_header *header)
{
    static const char name[6] = {'E', 'x', 'i', 'f', 0, 0};
    for (jpeg_saved_marker_ptr marker = info->marker_list; marker; marker = marker->next) {
        if (marker->marker != JPEG_APP0 + 1 || marker->data_length < sizeof name) continue;
        if (memcmp(marker->data, name, sizeof name)) continue;
        header->exif = marker->data + sizeof name;
        header->exif_count = marker->data_length - sizeof name;
        return;
    }
}

pictures_status pictures_jpeg_open(
    pictures_jpeg *decoder, const uint8_t *bytes, size_t count, pictures_header *header)
{
    struct jpeg_decompress_struct *info = &decoder->info;
    memset(header, 0, sizeof *header);
    decoder->most_scans = 1;
    if (setjmp(decoder->leave)) return failed(decoder);
    jpeg_abort_decompress(info); // lets the picture before go
    decoder->errors.num_warnings = 0;
    jpeg_mem_src(info, (unsigned char *)bytes, count); // older versions take no pointer to constants
    jpeg_read_header(info, TRUE);
    if (info->data_precision != 8) return refuse(decoder, "samples of more than 8 bits");
    if (info->num_components != 1 && info->num_components != 3 && info->num_components != 4) {
        return refuse(decoder, "a number of components that is not 1, 3 or 4");
    }
    header->height = info->image_height;
    header->width = info->image_width;
    header->channels = info->num_components == 1 ? 1 : 3;
    header->bits = 8;
    header->least_bytes = least_bytes(info);
    find_exif(info, header);
    return PICTURES_DONE;
}

// --- pixels ---

/// Reads rows of what libjpeg gives and turns them into the wanted channels.
static void read_converted(struct jpeg_decompress_struct *info, int channels, uint8_t *pixels)
{
    const size_t width = info->output_width;
    JSAMPARRAY rows = info->mem->alloc_sarray(
        (j_common_ptr)info, JPOOL_IMAGE, (JDIMENSION)(width * info->output_components), rows_at_once);
    while (info->output_scanline < info->output_height) {
        uint8_t *place = pixels + (size_t)info->output_scanline * width * channels;
        const JDIMENSION count = jpeg_read_scanlines(info, rows, rows_at_once);
        for (JDIMENSION row = 0; row < count; row++, place += width * channels) {
            if (info->output_components == 4) {
                pictures_convert_cmyk(rows[row], place, width, channels);
            } else {
                pictures_convert8(rows[row], info->output_components, place, width, channels);
            }
        }
    }
}

static void read_direct(struct jpeg_decompress_struct *info, uint8_t *pixels)
{
    const size_t row_bytes = (size_t)info->output_width * info->output_components;
    JSAMPROW rows[rows_at_once];
    while (info->output_scanline < info->output_height) {
        const JDIMENSION left = info->output_height - info->output_scanline;
        const JDIMENSION count = left < rows_at_once ? left : rows_at_once;
        for (JDIMENSION row = 0; row < count; row++) {
            rows[row] = pixels + (info->output_scanline + row) * row_bytes;
        }
        jpeg_read_scanlines(info, rows, count);
    }
}

/// As Pillow decodes: the accurate transform, smooth upsampling of colour.
static void set_up(struct jpeg_decompress_struct *info, int channels)
{
    info->dct_method = JDCT_ISLOW;
    info->do_fancy_upsampling = TRUE;
    switch (info->num_components) {
    case 1:
        info->out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
        break;
    case 3:
        info->out_color_space = JCS_RGB; // grey is weighed from it: luma alone would not be cut off at 0 and 255
        break;
    default:
        info->out_color_space = JCS_CMYK;
    }
}

pictures_status pictures_jpeg_read(pictures_jpeg *decoder, int channels, int most_scans, uint8_t *pixels)
{
    struct jpeg_decompress_struct *info = &decoder->info;
    decoder->most_scans = most_scans;
    if (setjmp(decoder->leave)) return failed(decoder);
    set_up(info, channels);
    jpeg_start_decompress(info);
    if (info->output_components == channels) {
        read_direct(info, pixels);
    } else {
        read_converted(info, channels, pixels);
    }
    jpeg_finish_decompress(info); // reads on to the end of the picture
    return PICTURES_DONE;
}

pictures_status pictures_jpeg_alone(const uint8_t *bytes, size_t count)
{
    pictures_jpeg decoder;
    memset(&decoder, 0, sizeof decoder);
    struct jpeg_decompress_struct *info = &decoder.info;
    info->err = jpeg_std_error(&decoder.errors);
    decoder.errors.error_exit = on_error;
    decoder.errors.output_message = stay_silent;
    info->client_data = &decoder;
    if (setjmp(decoder.leave)) {
        jpeg_destroy_decompress(info);
        return decoder.status;
    }
    jpeg_create_decompress(info);
    jpeg_mem_src(info, (unsigned char *)bytes, count);
    jpeg_read_header(info, TRUE);
    set_up(info, 3);
    jpeg_start_decompress(info);
    JSAMPARRAY row = info->mem->alloc_sarray(
        (j_common_ptr)info, JPOOL_IMAGE, info->output_width * info->output_components, 1);
    while (info->output_scanline < info->output_height) jpeg_read_scanlines(info, row, 1);
    jpeg_finish_decompress(info);
    jpeg_destroy_decompress(info);
    return PICTURES_DONE;
}
