#include "est/net/plain_listener.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <thread>

#include "est/net/client.h"

namespace est::net {
namespace {

http::Response echo(const http::Request& request) {
  http::Response response;
  response.status = 200;
  response.body = to_bytes(request.target);
  return response;
}

PlainListener listener() {
  auto bound = PlainListener::bind({"127.0.0.1", 0});
  EXPECT_TRUE(bound.ok());
  return *std::move(bound);
}

PlainConnection visitor_of(const PlainListener& at) {
  return std::get<PlainConnection>(PlainConnection::open({"127.0.0.1", at.port()}, Milliseconds(5000)));
}

std::string everything(PlainConnection& connection) {
  std::string text;
  std::array<Byte, 1024> buffer{};
  const auto deadline = Deadline::after(Milliseconds(5000));
  for (auto got = connection.read(buffer, deadline); got.count > 0; got = connection.read(buffer, deadline))
    text += as_text(BytesView(buffer).first(got.count));
  return text;
}

TEST(PlainListener, AnswersARequest) {
  PlainListener here = listener();
  PlainConnection visitor = visitor_of(here);
  ASSERT_FALSE(visitor.write(to_bytes("GET /now HTTP/1.1\r\nHost: x\r\n\r\n"), Deadline::after(Milliseconds(5000))));
  here.serve(Deadline::after(Milliseconds(5000)), Milliseconds(5000), echo);
  const std::string text = everything(visitor);
  EXPECT_TRUE(text.starts_with("HTTP/1.1 200 ")) << text;
  EXPECT_TRUE(text.ends_with("/now")) << text;
}

TEST(PlainListener, LeavesWhoeverSaysNothingOrNonsense) {
  PlainListener here = listener();
  PlainConnection silent = visitor_of(here);
  here.serve(Deadline::after(Milliseconds(5000)), Milliseconds(50), echo);
  EXPECT_EQ(everything(silent), "");
  PlainConnection wrong = visitor_of(here);
  ASSERT_FALSE(wrong.write(to_bytes("\x16\x03\x01 nonsense\r\n\r\n"), Deadline::after(Milliseconds(5000))));
  here.serve(Deadline::after(Milliseconds(5000)), Milliseconds(5000), echo);
  EXPECT_EQ(everything(wrong), "");
}

TEST(PlainListener, NobodyComes) {
  bool asked = false;
  listener().serve(Deadline::after(Milliseconds(20)), Milliseconds(20), [&](const http::Request& request) {
    asked = true;
    return echo(request);
  });
  EXPECT_FALSE(asked);
}

TEST(PlainListener, StopEndsTheWaiting) {
  PlainListener here = listener();
  std::thread waits([&] { here.serve(Deadline::after(Milliseconds(60000)), Milliseconds(20), echo); });
  here.stop();
  waits.join();
  EXPECT_FALSE(here.accept(Deadline::after(Milliseconds(60000))));
}

}  // namespace
}  // namespace est::net
