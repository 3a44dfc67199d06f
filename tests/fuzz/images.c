/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Headers of images and file systems, and the guess what a file is. */

#include <stdlib.h>
#include <string.h>

#include "format/boot-image.h"
#include "format/filesystem.h"
#include "format/identify.h"
#include "format/mtk-image.h"
#include "format/nvram.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        MemorySource m;
        Source *s = memory_source_init(&m, data, size);
        char version[32];
        uint64_t length;
        unsigned images;
        BootImage boot;
        Filesystem fs;
        FileKind kind;
        Nvram nvram;

        if (boot_image_read(s, 0, &boot) == 0) {
                boot_image_os_version(&boot, version, sizeof(version));
                for (size_t i = 0; i < boot.n_sections; i++)
                        if (boot.sections[i].offset + boot.sections[i].size > boot.size)
                                abort();
        }
        if (mtk_image_measure(s, 0, &length, &images) == 0 && length > size)
                abort();
        if (filesystem_identify(s, 0, &fs) < 0 || strlen(fs.label) >= sizeof(fs.label))
                abort();
        if (file_identify(s, &kind) < 0 || !file_kind_to_string(kind))
                abort();
        if (nvram_read(s, 0x1000, &nvram) < 0)
                abort();
        return 0;
}
