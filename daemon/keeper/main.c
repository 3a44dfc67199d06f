/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/keeper/keeper.h"

int main(int argc, char *argv[])
{
        return keeper_main(argc, argv);
}
