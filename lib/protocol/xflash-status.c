/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/xflash-status.h"

#include <errno.h>

typedef struct Entry {
        uint32_t status;
        const char *text;
} Entry;

static const Entry texts[] = {
        { 0x00000000, "success" },
        { 0x40040004, "going on" },
        { 0x40040005, "complete" },

        /* common */
        { 0xC0010001, "general error" },
        { 0xC0010002, "aborted" },
        { 0xC0010003, "the agent does not know the command" },
        { 0xC0010004, "the agent does not know the control code" },
        { 0xC0010005, "a packet was not understood" },
        { 0xC0010006, "a packet was too long" },
        { 0xC0010007, "a buffer was too small" },
        { 0xC0010008, "the USB port was not found" },
        { 0xC0010009, "no such session handle" },
        { 0xC001000A, "no such session" },
        { 0xC001000B, "wrong stage" },
        { 0xC001000C, "not built into this agent" },
        { 0xC001000D, "file not found" },
        { 0xC001000E, "file not opened" },
        { 0xC001000F, "file not written" },
        { 0xC0010010, "file not read" },
        { 0xC0010011, "file not created or of another version" },

        /* security */
        { 0xC0020001, "no ROM information" },
        { 0xC0020002, "no customer name" },
        { 0xC0020003, "this phone is not supported" },
        { 0xC0020004, "writing here is forbidden" },
        { 0xC0020005, "the image is too long" },
        { 0xC0020006, "the loader's signature is wrong" },
        { 0xC0020007, "the image's signature is wrong" },
        { 0xC0020008, "the hash was not computed" },
        { 0xC0020009, "the image is bound to another hash" },
        { 0xC002000A, "bad buffer" },
        { 0xC002000B, "hash binding is not available" },
        { 0xC002000C, "this area must not be written" },
        { 0xC002000D, "this area must not be erased" },
        { 0xC002000E, "the public key is not accepted" },
        { 0xC002000F, "the hash is not verified" },
        { 0xC0020010, "RSA failed" },
        { 0xC0020011, "RSA verification failed" },
        { 0xC0020012, "no secure boot header" },
        { 0xC0020013, "first certificate not valid" },
        { 0xC0020014, "second certificate not valid" },
        { 0xC0020015, "image header not valid" },
        { 0xC0020016, "signature of the wrong size" },
        { 0xC0020017, "RSA-PSS failed" },
        { 0xC0020018, "the certificate is not accepted" },
        { 0xC0020019, "public key: modulus of another size" },
        { 0xC002001A, "public key: exponent of another size" },
        { 0xC002001B, "public key: another modulus" },
        { 0xC002001C, "public key: another exponent" },
        { 0xC002001D, "public key: another hash" },
        { 0xC002001E, "object missing in the certificate" },
        { 0xC002001F, "identifier missing in the certificate" },
        { 0xC0020020, "certificate out of range" },
        { 0xC0020021, "another identifier in the certificate" },
        { 0xC0020022, "lengths in the certificate differ" },
        { 0xC0020023, "unknown ASN.1 operation" },
        { 0xC0020024, "identifier index out of range" },
        { 0xC0020025, "identifier too long" },
        { 0xC0020026, "public key of another size" },
        { 0xC0020027, "another software id" },
        { 0xC0020028, "hash of another size" },
        { 0xC0020029, "another type of image header" },
        { 0xC002002A, "another type of image" },
        { 0xC002002B, "hash of the image header is wrong" },
        { 0xC002002C, "hash of the image is wrong" },
        { 0xC002002D, "older than the phone allows" },
        { 0xC002002E, "no security configuration" },
        { 0xC002002F, "security configuration of another kind" },
        { 0xC0020030, "security configuration not valid" },
        { 0xC0020031, "cipher mode not valid" },
        { 0xC0020032, "cipher key not valid" },
        { 0xC0020033, "data for the cipher not aligned" },
        { 0xC0020034, "no file information in the header" },
        { 0xC0020035, "no anti-clone part in the header" },
        { 0xC0020036, "no security configuration in the header" },
        { 0xC0020037, "source of an unknown type" },
        { 0xC0020038, "another customer name" },
        { 0xC0020039, "address not valid" },
        { 0xC0020040, "certificate versions differ" },
        { 0xC0020041, "signatures differ" },
        { 0xC0020042, "the all-in-one signature is not accepted" },
        { 0xC0020043, "the all-in-one signature is missing" },
        { 0xC0020044, "no communication key" },
        { 0xC0020045, "device information is not accepted" },
        { 0xC0020046, "too many boot images" },
        { 0xC0020047, "signature missing" },
        { 0xC0020048, "a boot image of a special kind" },
        { 0xC0020049, "the remote security policy is switched off" },
        { 0xC002004A, "RSA-OAEP failed" },
        { 0xC002004B, "buffer too small" },
        { 0xC002004C, "the agent is older than the phone allows" },
        { 0xC002004D, "one-time memory not read" },
        { 0xC002004E, "unit size not valid" },
        { 0xC002004F, "group index not valid" },
        { 0xC0020050, "image version too high" },
        { 0xC0020051, "table of one-time memory not set up" },
        { 0xC0020052, "partition name not valid" },
        { 0xC0020053, "the agent's version is older than the phone allows" },
        { 0xC0020054, "message of a wrong size" },
        { 0xC0020055, "security level not supported" },
        { 0xC0020056, "another security level" },
        { 0xC0020057, "a fault was injected" },
        { 0xC0020058, "group of public key hashes not valid" },
        { 0xC0020059, "security level too high" },
        { 0xC002005A, "lock state: configuration was erased" },
        { 0xC002005B, "lock state: configuration unknown" },
        { 0xC002005C, "lock state: seccfg failed" },
        { 0xC002005D, "lock state: custom check failed" },
        { 0xC002005E, "lock state: contradictory" },

        /* library */
        { 0xC0030001, "scatter file not valid" },
        { 0xC0030002, "agent file not valid" },
        { 0xC0030003, "no agent was chosen" },
        { 0xC0030004, "loader file not valid" },
        { 0xC0030005, "memory settings not valid" },
        { 0xC0030006, "the storage is of another type" },
        { 0xC0030007, "parameters not valid" },
        { 0xC0030008, "GPT not valid" },
        { 0xC0030009, "PMT not valid" },
        { 0xC003000A, "the partition layout has changed" },
        { 0xC003000B, "erase parameters not valid" },
        { 0xC003000C, "no such storage area" },
        { 0xC003000D, "unknown scatter field" },
        { 0xC003000E, "no partition table" },
        { 0xC003000F, "scatter file of another chip" },
        { 0xC0030010, "no certificate file" },
        { 0xC0030011, "no authentication file" },
        { 0xC0030012, "authentication is needed" },
        { 0xC0030013, "memory settings file not usable" },
        { 0xC0030014, "scatter file not usable" },
        { 0xC0030015, "XML file not usable" },
        { 0xC0030016, "page size not supported" },
        { 0xC0030017, "length of the memory settings misplaced" },
        { 0xC0030018, "length of the memory settings not valid" },

        /* device */
        { 0xC0040001, "operation not supported" },
        { 0xC0040002, "the agent could not start a thread" },
        { 0xC0040003, "checksum error" },
        { 0xC0040004, "unknown sparse format, or too long" },
        { 0xC0040005, "unknown sparse chunk" },
        { 0xC0040006, "no such partition" },
        { 0xC0040007, "the partition table could not be read" },
        { 0xC0040008, "too many partitions" },
        { 0xC0040009, "unknown storage type" },
        { 0xC004000A, "the memory test failed" },
        { 0xC004000B, "the range is not all inside the area" },
        { 0xC004000C, "sparse image not written" },
        { 0xC004000D, "this register must not be used" },
        { 0xC0040030, "eMMC error" },
        { 0xC0040040, "NAND error" },
        { 0xC0040041, "NAND: in progress" },
        { 0xC0040042, "NAND: time-out" },
        { 0xC0040043, "NAND: bad block" },
        { 0xC0040044, "NAND: not erased" },
        { 0xC0040045, "NAND: not programmed" },
        { 0xC0040050, "memory settings of a version the agent does not take" },
        { 0xC0040060, "UFS error" },
        { 0xC0040100, "one-time memory not supported" },
        { 0xC0040102, "one-time memory not locked" },
        { 0xC0040200, "e-fuse error" },
        { 0xC0040201, "e-fuse error" },
        { 0xC0040202, "e-fuse error" },
        { 0xC0040203, "e-fuse error" },
        { 0xC0040204, "e-fuse error" },
        { 0xC0040205, "e-fuse error" },
        { 0xC0040206, "e-fuse error" },
        { 0xC0040207, "e-fuse error" },
        { 0xC0040208, "e-fuse error" },
        { 0xC0040209, "e-fuse error" },
        { 0xC004020A, "e-fuse error" },
        { 0xC004020B, "e-fuse error" },
        { 0xC004020C, "e-fuse error" },
        { 0xC004020D, "e-fuse error" },
        { 0xC004020E, "e-fuse error" },

        /* host */
        { 0xC0050001, "exception in device control" },
        { 0xC0050002, "exception in shutdown" },
        { 0xC0050003, "exception in download" },
        { 0xC0050004, "exception in upload" },
        { 0xC0050005, "exception in memory set-up" },
        { 0xC0050006, "exception in USB switch notification" },
        { 0xC0050007, "exception in read" },
        { 0xC0050008, "exception in write" },
        { 0xC0050009, "exception in format" },
        { 0xC005000A, "exception in one-time memory" },
        { 0xC005000B, "exception in USB switch" },
        { 0xC005000C, "exception in writing e-fuses" },
        { 0xC005000D, "exception in reading e-fuses" },

        /* boot ROM */
        { 0xC0060001, "start command failed" },
        { 0xC0060002, "hardware version not read" },
        { 0xC0060003, "agent not sent" },
        { 0xC0060004, "agent not started" },
        { 0xC0060005, "command failed" },
        { 0xC0060006, "stage callback failed" },

        /* agent */
        { 0xC0070001, "another version" },
        { 0xC0070002, "no agent" },
        { 0xC0070003, "no such section" },
        { 0xC0070004, "stage 2 does not belong to stage 1" },
        { 0xC0070005, "too many" },
};

static const char *const domains[] = {
        [1] = "unknown common status",
        [2] = "unknown security status",
        [3] = "unknown library status",
        [4] = "unknown device status",
        [5] = "unknown host status",
        [6] = "unknown boot ROM status",
        [7] = "unknown agent status",
        [8] = "unknown preloader status",
};

static const char locked_hint[] = "This download agent wants its vendor's authentication; without "
                                  "the vendor's tool the phone "
                                  "cannot be read with it.";
static const char other_file_hint[] =
        "Import a complete, unmodified agent file: mtkbackupctl agents import FILE.";

/* words that are more than a refusal */
static const struct {
        uint32_t status;
        ErrorId id;
        int error;
        const char *hint;
} meanings[] = {
        { XFLASH_UNKNOWN_COMMAND, ERROR_DEVICE_REFUSED, -EACCES, locked_hint },
        { 0xC0020003, ERROR_AUTH_REQUIRED, -EACCES, locked_hint },
        { 0xC0020044, ERROR_AUTH_REQUIRED, -EACCES, locked_hint },
        { 0xC0020045, ERROR_AUTH_REQUIRED, -EACCES, locked_hint },
        { 0xC002004C, ERROR_DEVICE_REFUSED, -EACCES, other_file_hint },
        { 0xC0020053, ERROR_DEVICE_REFUSED, -EACCES, other_file_hint },
        { 0xC0030010, ERROR_AUTH_REQUIRED, -EACCES, locked_hint },
        { 0xC0030011, ERROR_AUTH_REQUIRED, -EACCES, locked_hint },
        { 0xC0030012, ERROR_AUTH_REQUIRED, -EACCES, locked_hint },
        { 0xC0040003, ERROR_CHECKSUM_MISMATCH, -EACCES, NULL },
        { XFLASH_OUT_OF_RANGE, ERROR_OUT_OF_RANGE, -ERANGE, NULL },
        { XFLASH_HASH_MISMATCH, ERROR_DEVICE_REFUSED, -EACCES, other_file_hint },
};

const char *xflash_status_text(uint32_t status)
{
        uint32_t domain = status >> 16 & 0x3FFF;

        for (size_t i = 0; i < ELEMENTS(texts); i++)
                if (texts[i].status == status)
                        return texts[i].text;
        if (domain < ELEMENTS(domains) && domains[domain])
                return domains[domain];
        return "unknown status";
}

int xflash_refuse(Failure *f, uint32_t status, const char *what)
{
        ErrorId id = ERROR_DEVICE_REFUSED;
        const char *hint = NULL;
        int error = -EACCES;

        for (size_t i = 0; i < ELEMENTS(meanings); i++)
                if (meanings[i].status == status) {
                        id = meanings[i].id;
                        error = meanings[i].error;
                        hint = meanings[i].hint;
                }
        failure_set(f, error, id, "The phone refused %s: %s (%08X).", what,
                xflash_status_text(status), status);
        failure_status(f, status);
        if (hint)
                failure_hint(f, "%s", hint);
        return error;
}
