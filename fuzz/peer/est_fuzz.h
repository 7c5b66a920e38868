/* Fuzz your own parser with this project's targets, seeds and mutator.
 *
 * Implement any of the three functions below, with C linkage, and either
 *   - link them with peer_csr, peer_certs_only or peer_csrattrs (see fuzz/README.md), best with the same sanitizers and coverage, or
 *   - put them into a shared library and run   peer_csr_fuzz --plugin ./your.so CORPUS
 *
 * Each is given octets it must not change and not keep, in an allocation of exactly that size, so that a sanitizer sees a read beyond.
 * It returns 1 when it accepts the message and 0 when it rejects it; it must neither abort nor exit. One thread calls.
 *
 * An accepting parser may give a canonical re-encoding: up to `room` octets to `canonical`, their number to `*canonical_size`. It is 0
 * before the call; leave it so where you have no encoder. For a message that is DER the re-encoding must be the message itself.
 *
 * What stops the run, beside a crash, a hang or a sanitizer's report: a re-encoding that differs from a DER message, or is longer than
 * `room`. Different verdicts are not held against you, as parsers may be stricter or more lenient on purpose: run with
 * --differences FOLDER to have one message kept for every (finding of ours, verdict of yours). */
#ifndef EST_FUZZ_H
#define EST_FUZZ_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* PKCS #10 CertificationRequest (RFC 2986), DER. */
int est_fuzz_parse_csr(const unsigned char* der, size_t size, unsigned char* canonical, size_t room, size_t* canonical_size);
/* ContentInfo with certs-only SignedData (RFC 7030 4.1.3, 4.2.3), DER. */
int est_fuzz_parse_certs_only(const unsigned char* der, size_t size, unsigned char* canonical, size_t room, size_t* canonical_size);
/* CsrAttrs (RFC 8951 4, RFC 9908), DER. */
int est_fuzz_parse_csrattrs(const unsigned char* der, size_t size, unsigned char* canonical, size_t room, size_t* canonical_size);

#ifdef __cplusplus
}
#endif

#endif
