// The public headers by themselves, in C++.
#include "effattn/effattn.h"
#include "effattn/host.h"
#include "effattn/kernel.h"

#include <gtest/gtest.h>

extern "C" int effattn_test_header_c(void);

TEST(Header, SameLayoutInCAndCxx) {
  EXPECT_EQ(effattn_test_header_c(), int(sizeof(effattn_options)));
}

TEST(Header, Version) {
  EXPECT_STREQ(effattn_version(), EFFATTN_VERSION);
  EXPECT_EQ(std::string(EFFATTN_VERSION),
            std::to_string(EFFATTN_VERSION_MAJOR) + "." +
                std::to_string(EFFATTN_VERSION_MINOR) + "." +
                std::to_string(EFFATTN_VERSION_PATCH));
}
