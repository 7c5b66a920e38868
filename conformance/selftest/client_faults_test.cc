// The table of client faults, and the client they are made of.
#include <gmock/gmock.h>

#include <filesystem>
#include <set>

#include "conformance/peer/client_files.h"
#include "conformance/peer/scripted_server.h"
#include "conformance/selftest/client_faults_support.h"
#include "conformance/selftest/reference_client.h"

namespace conformance::selftest {
namespace {

using steps::Instructions;
using testing::Contains;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

TEST(ClientFaults, AreToldApartAndPromiseSomething) {
  std::set<std::string> ids;
  for (const ClientFault& fault : all_client_faults()) {
    EXPECT_TRUE(ids.insert(fault.id).second) << fault.id;
    EXPECT_THAT(fault.id, StartsWith("FAULT-CL-"));
    EXPECT_THAT(fault.sentence, Not(IsEmpty())) << fault.id;
    EXPECT_THAT(fault.kills, Not(IsEmpty())) << fault.id;
    EXPECT_EQ(fault.also.empty(), fault.because.empty()) << fault.id << ": what else may fail needs its reason";
    EXPECT_TRUE(fault.told || fault.configure || fault.act || fault.renews || fault.instead) << fault.id << " changes nothing";
  }
}

// One server that does everything well, and what a client of it is told.
class ReferenceClientTest : public testing::Test {
 protected:
  ReferenceClientTest() {
    std::filesystem::create_directory(folder + "/state");
    const auto files = peer::write_client_files(folder, pki, credentials, "device");
    if (!files) throw std::runtime_error(files.error().message);
    server = *peer::ScriptedServer::start({}, pki, credentials);
    told = {{"operation", "cacerts"},
            {"url", server->url()},
            {"host", "localhost"},
            {"port", std::to_string(server->port())},
            {"trust_anchor", files->trust_anchor},
            {"key", "ec-p256"},
            {"subject", "CN=device"},
            {"out_dir", folder},
            {"state_dir", folder + "/state"}};
  }
  ~ReferenceClientTest() override { std::filesystem::remove_all(folder); }
  ReferenceClientTest(const ReferenceClientTest&) = delete;
  ReferenceClientTest& operator=(const ReferenceClientTest&) = delete;

  [[nodiscard]] int act(const std::string& operation, const ClientFault* fault = nullptr) {
    told["operation"] = operation;
    const auto end = reference_client(fault)(operation, told, est::Milliseconds(20000));
    return end ? end->code : -1;
  }
  [[nodiscard]] std::vector<std::string> asked_for() {
    server->settle(est::Deadline::after(est::Milliseconds(5000)));
    std::vector<std::string> operations;
    for (const auto& connection : server->seen())
      for (const auto& request : connection.requests) operations.push_back(request.method + " " + request.operation);
    return operations;
  }

  std::string folder = [] {
    std::string made = (std::filesystem::temp_directory_path() / "client-faults-XXXXXX").string();
    return std::string(::mkdtemp(made.data()));
  }();
  peer::Pki pki = *peer::Pki::make(est::system_clock().now());
  est::http::Credentials credentials{"device", "secret"};
  std::unique_ptr<peer::ScriptedServer> server;
  Instructions told;
};

TEST_F(ReferenceClientTest, DoesWhatItIsTold) {
  for (const std::string operation : {"cacerts", "csrattrs", "simpleenroll", "serverkeygen", "fullcmc", "provision"})
    EXPECT_EQ(act(operation), 0) << operation;
  EXPECT_TRUE(std::filesystem::exists(folder + "/certificate.pem"));
}

TEST_F(ReferenceClientTest, AFaultChangesWhatIsSent) {
  const ClientFault posts{
      .id = "F", .sentence = "", .configure = each_request([](est::http::Request& request) { request.method = "POST"; })};
  EXPECT_NE(act("cacerts", &posts), 0);
  EXPECT_THAT(asked_for(), Contains("POST cacerts"));
}

TEST_F(ReferenceClientTest, AFaultChangesWhatIsRead) {
  const ClientFault balks{.id = "F", .sentence = "", .configure = balks_at_text("MII")};
  EXPECT_NE(act("cacerts", &balks), 0);
  EXPECT_THAT(asked_for(), SizeIs(1));
}

TEST_F(ReferenceClientTest, AFaultChangesWhomItBelieves) {
  const ClientFault none{.id = "F", .sentence = "", .configure = refuses_server([](const auto&) { return true; })};
  EXPECT_NE(act("cacerts", &none), 0);
  EXPECT_THAT(asked_for(), IsEmpty());
}

TEST_F(ReferenceClientTest, AFaultChangesWhatItCallsASuccessAndHowOftenItActs) {
  const ClientFault often{.id = "F", .sentence = "", .act = [](ClientAct& act) {
                            static_cast<void>(act.once());
                            static_cast<void>(act.once());
                            return last_answered(act, 200) && act.met.size() == 2 ? 5 : 6;
                          }};
  EXPECT_EQ(act("cacerts", &often), 5);
  EXPECT_THAT(asked_for(), SizeIs(2));
}

TEST_F(ReferenceClientTest, AFaultMayBeAnotherClientAltogether) {
  const ClientFault other{.id = "F", .sentence = "", .instead = [](const Instructions& heard) { return heard.contains("url") ? 9 : 8; }};
  EXPECT_EQ(act("cacerts", &other), 9);
  EXPECT_THAT(asked_for(), IsEmpty());
}

}  // namespace
}  // namespace conformance::selftest
