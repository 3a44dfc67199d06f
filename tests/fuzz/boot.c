/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Handshake, identification and the start of an agent with a phone that says anything. */

#include "phone-stream.h"
#include "protocol/boot.h"
#include "protocol/handshake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const uint8_t agent[16];
        BootIdentity id;
        uint32_t word;
        PhoneStream phone;
        Failure f = {};

        if (size < 1)
                return 0;
        stream_init(&phone, data + 1, size - 1, data[0]);
        phone.jumped = true; /* all of it is the input's */
        if (handshake(&phone.transport, 1, &f) < 0) {
                if (f.id == ERROR_NONE)
                        abort();
                f = (Failure){};
        }
        if (boot_identify(&phone.transport, &id, &f) >= 0) {
                const Chip *chip = chip_by_code(id.hw_code);

                if (id.n_me_id > BOOT_ID_MAX || id.n_soc_id > BOOT_ID_MAX)
                        abort();
                if (boot_read32(&phone.transport, 0x10007000, &word, &f) < 0 && f.id == ERROR_NONE)
                        abort();
                f = (Failure){};
                if (boot_send_da(&phone.transport, &id, 0x200000, agent, sizeof agent, 4, &f) >= 0)
                        (data[0] & 1 ? boot_jump_da : boot_jump_da64)(
                                &phone.transport, 0x200000, &f);
                else if (f.id == ERROR_NONE)
                        abort();
                f = (Failure){};
                if (chip) {
                        boot_watchdog_off(&phone.transport, chip, &f);
                        boot_release(&phone.transport, chip, &f);
                }
        } else if (f.id == ERROR_NONE)
                abort();
        return 0;
}
