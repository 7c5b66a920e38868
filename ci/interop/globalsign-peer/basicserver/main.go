// Basicserver is GlobalSign's EST server library with a password asked for, which its program estserver cannot be told to do. What is not the
// library's here is the CA: it signs whatever key and subject the library lets through.
//
// basicserver USER PASSWORD-FILE    in a folder with root.pem, root.key, server.pem, server.key; prints its address
package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/globalsign/est"
)

var errNotHere = errors.New("not served here")

type ca struct {
	certificate *x509.Certificate
	key         interface{}
}

func (c *ca) CACerts(context.Context, string, *http.Request) ([]*x509.Certificate, error) {
	return []*x509.Certificate{c.certificate}, nil
}

func (c *ca) CSRAttrs(context.Context, string, *http.Request) (est.CSRAttrs, error) {
	return est.CSRAttrs{}, nil
}

func (c *ca) Enroll(_ context.Context, csr *x509.CertificateRequest, _ string, _ *http.Request) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{SerialNumber: serial, RawSubject: csr.RawSubject, NotBefore: now.Add(-time.Minute), NotAfter: now.AddDate(0, 0, 30),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, c.certificate, csr.PublicKey, c.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func (c *ca) Reenroll(ctx context.Context, _ *x509.Certificate, csr *x509.CertificateRequest, aps string, r *http.Request) (*x509.Certificate, error) {
	return c.Enroll(ctx, csr, aps, r)
}

func (c *ca) ServerKeyGen(context.Context, *x509.CertificateRequest, string, *http.Request) (*x509.Certificate, []byte, error) {
	return nil, nil, errNotHere
}

func (c *ca) TPMEnroll(context.Context, *x509.CertificateRequest, []*x509.Certificate, []byte, []byte, string, *http.Request) ([]byte, []byte, []byte, error) {
	return nil, nil, nil, errNotHere
}

func main() {
	log.SetFlags(0)
	user := os.Args[1]
	password, err := os.ReadFile(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	root, err := tls.LoadX509KeyPair("root.pem", "root.key")
	if err != nil {
		log.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(root.Certificate[0])
	if err != nil {
		log.Fatal(err)
	}
	server, err := tls.LoadX509KeyPair("server.pem", "server.key")
	if err != nil {
		log.Fatal(err)
	}
	anchors := x509.NewCertPool()
	anchors.AddCert(certificate)
	router, err := est.NewRouter(&est.ServerConfig{
		CA:           &ca{certificate, root.PrivateKey},
		AllowedHosts: []string{"localhost", "127.0.0.1"},
		CheckBasicAuth: func(_ context.Context, _ *http.Request, _, u, p string) error {
			if u != user || p != strings.TrimSpace(string(password)) {
				return errors.New("authorization required")
			}
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("https://%s\n", listener.Addr())
	log.Fatal(http.Serve(tls.NewListener(listener, &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{server}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: anchors,
	}), router))
}
