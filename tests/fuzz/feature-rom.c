/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Dumps of feature phones. */

#include <stdlib.h>

#include "basic/bytes.h"
#include "format/feature-rom.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        MemorySource m;
        FeatureRom rom;

        if (feature_rom_read(memory_source_init(&m, data, size), 0x1000, &rom) < 0)
                return 0;
        if (rom.size > size || rom.n_files == 0)
                abort();
        for (size_t i = 0; i < rom.n_files; i++)
                if (!rom.files[i].broken &&
                        !range_fits(rom.files[i].file.offset, rom.files[i].file.file_len, rom.size))
                        abort();
        return 0;
}
