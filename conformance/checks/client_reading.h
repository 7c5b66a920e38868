// What checks of clients share: how the client ended, and what the scripted server saw of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/checks/reading.h"
#include "est/codec/cmc.h"
#include "est/codec/pkcs10.h"
#include "est/codec/signed_data.h"
#include "est/codec/tls_hello.h"
#include "est/http/message.h"

namespace conformance::checks {

using Peers = std::vector<const Exchange*>;

// The exchanges of phase `peer` that belong to the drive judged, in the order of time.
[[nodiscard]] Peers peers_of(const CheckInput& input);
// Those that are requests, of one operation (empty: of any) and server ("first", "other", empty: any).
[[nodiscard]] Peers requests_of(const CheckInput& input, std::string_view operation, std::string_view server = {});
// The operation a check is about: its parameter `operation`, else that of the drive.
[[nodiscard]] std::string operation_of(const CheckInput& input);

// The CA label a request is to have: the one the client was told, or the one a proxy's client used, as its upstream knows it.
[[nodiscard]] std::string label_wanted(const CheckInput& input);

// The request as the strict parser of a server reads it; nothing where it is refused or incomplete.
[[nodiscard]] std::optional<est::http::Request> request_in(const Exchange& exchange);
// The PKIData of a Full PKI Request, and the message around it; nothing where there is none that can be read.
struct FullRequest {
  est::codec::SignedData message;
  est::Decoded<est::codec::PkiData> data;
};
[[nodiscard]] std::optional<FullRequest> full_request_in(const Exchange& exchange);
// The certification request in an enrollment, the first PKCS #10 one of a Full PKI Request; nothing where there is none that can be read.
[[nodiscard]] std::optional<est::codec::CertificationRequest> csr_in(const Exchange& exchange);
[[nodiscard]] std::optional<est::codec::TlsOffer> offer_in(const Exchange& exchange);
// The status the server answered; 0: none.
[[nodiscard]] int status_given(const Exchange& exchange);

// "The client did not end within its time and was stopped."
[[nodiscard]] std::string describe_end(const Exchange& exchange);
// "It sent 2 requests: GET /..., POST /...", at most five.
[[nodiscard]] std::string describe_requests(const Peers& requests);

}  // namespace conformance::checks
