/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/verb.h"

int main(int argc, char **argv)
{
        return verb_main(argc, argv);
}
