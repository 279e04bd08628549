#include "CPictureEncoding.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

struct escape {
    struct jpeg_error_mgr errors;
    jmp_buf leave;
};

static void on_error(j_common_ptr info) { longjmp(((struct escape *)info->err)->leave, 1); }

static const struct {
    int components;
    J_COLOR_SPACE given, stored;
} kinds[] = {
    [ENCODE_GREY] = {1, JCS_GRAYSCALE, JCS_GRAYSCALE}, [ENCODE_YCC] = {3, JCS_RGB, JCS_YCbCr},
    [ENCODE_RGB] = {3, JCS_RGB, JCS_RGB},              [ENCODE_CMYK] = {4, JCS_CMYK, JCS_CMYK},
    [ENCODE_YCCK] = {4, JCS_CMYK, JCS_YCCK},
};

static void set_up(struct jpeg_compress_struct *info, encode_jpeg_settings settings)
{
    info->input_components = kinds[settings.colours].components;
    info->in_color_space = kinds[settings.colours].given;
    jpeg_set_defaults(info);
    jpeg_set_colorspace(info, kinds[settings.colours].stored);
    jpeg_set_quality(info, settings.quality, TRUE);
    info->comp_info[0].h_samp_factor = settings.across;
    info->comp_info[0].v_samp_factor = settings.down;
    if (settings.colours == ENCODE_YCCK) { // black is as fine as luma
        info->comp_info[3].h_samp_factor = settings.across;
        info->comp_info[3].v_samp_factor = settings.down;
    }
    if (settings.is_progressive) jpeg_simple_progression(info);
    info->arith_code = settings.is_arithmetic;
    info->restart_interval = (unsigned)settings.restart;
}

uint8_t *encode_jpeg(
    const uint8_t *samples, uint32_t height, uint32_t width, encode_jpeg_settings settings, size_t *count)
{
    struct jpeg_compress_struct info;
    struct escape escape;
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    info.err = jpeg_std_error(&escape.errors);
    escape.errors.error_exit = on_error;
    if (setjmp(escape.leave)) {
        jpeg_destroy_compress(&info);
        return NULL;
    }
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &bytes, &size);
    info.image_width = width;
    info.image_height = height;
    set_up(&info, settings);
    jpeg_start_compress(&info, TRUE);
    if (settings.app1) jpeg_write_marker(&info, JPEG_APP0 + 1, settings.app1, (unsigned)settings.app1_count);
    while (info.next_scanline < height) {
        JSAMPROW row = (JSAMPROW)samples + (size_t)info.next_scanline * width * info.input_components;
        jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    *count = size;
    return bytes;
}
