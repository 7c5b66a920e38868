#include "est/base/html.h"

#include <gtest/gtest.h>

namespace est {
namespace {

TEST(Html, MarkupStaysText) {
  EXPECT_EQ(html_escaped("<a href=\"x\" title='y'>1 & 2</a>"), "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;1 &amp; 2&lt;/a&gt;");
  EXPECT_EQ(html_escaped("plain"), "plain");
}

}  // namespace
}  // namespace est
