// Bouncy Castle's EST client with Bouncy Castle's TLS, told what to do by the environment (conformance/target/README.md, "Clients"). What
// is decided here is only what the library leaves to its user: where files are, which certificate of an answer is ours, how long to wait.
// Exit status: 0 done, 77 cannot do such a thing, 1 it gave up.
import java.io.FileInputStream;
import java.io.FileReader;
import java.io.FileWriter;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Security;
import java.security.cert.CRL;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import javax.net.ssl.KeyManagerFactory;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.RFC4519Style;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.est.CACertsResponse;
import org.bouncycastle.est.ESTAuth;
import org.bouncycastle.est.ESTService;
import org.bouncycastle.est.EnrollmentResponse;
import org.bouncycastle.est.jcajce.ChannelBindingProvider;
import org.bouncycastle.est.jcajce.JcaHttpAuthBuilder;
import org.bouncycastle.est.jcajce.JcaJceUtils;
import org.bouncycastle.est.jcajce.JsseESTServiceBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.jsse.BCSSLSocket;
import org.bouncycastle.jsse.provider.BouncyCastleJsseProvider;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

final class EstClient {
  private static final char[] NO_PASSWORD = new char[0];

  public static void main(String[] arguments) {
    try {
      Security.addProvider(new BouncyCastleProvider());
      Security.addProvider(new BouncyCastleJsseProvider());
      run(told("OPERATION"));
    } catch (Exception trouble) {
      System.err.println("Bouncy Castle gave up: " + trouble);
      for (Throwable cause = trouble.getCause(); cause != null && cause != cause.getCause(); cause = cause.getCause())
        System.err.println("  because of " + cause);
      System.exit(1);
    }
    System.exit(0);
  }

  private static void run(String operation) throws Exception {
    boolean linked = told("LINKING").equals("on");
    switch (operation) {
      case "cacerts" -> fetchAnchors();
      case "csrattrs" -> fetchAttributes();
      case "simpleenroll" -> enroll(false, linked);
      case "simplereenroll" -> enroll(true, linked);
      case "serverkeygen" -> generate(linked);
      default -> System.exit(77);
    }
  }

  private static String told(String name) {
    String value = System.getenv("EST_" + name);
    return value == null ? "" : value;
  }

  private static Path out(String name) {
    return Path.of(told("OUT_DIR"), name);
  }

  // --- The service, as a program that uses the library would make it.

  private static ESTService service() throws Exception {
    Set<TrustAnchor> anchors = anchors();
    if (anchors.isEmpty()) System.exit(77); // it would trust everybody until a person has looked
    CRL[] crls = crls();
    JsseESTServiceBuilder builder =
        new JsseESTServiceBuilder(told("URL").substring("https://".length()), JcaJceUtils.getCertPathTrustManager(anchors, crls));
    builder.withProvider("BCJSSE").withTimeout(20000).withChannelBindingProvider(new TlsUnique());
    if (!told("LABEL").isEmpty()) builder.withLabel(told("LABEL"));
    if (!told("CLIENT_CERT").isEmpty()) builder.withKeyManagers(identity().getKeyManagers());
    return builder.build();
  }

  private static Set<TrustAnchor> anchors() throws Exception {
    Set<TrustAnchor> anchors = new HashSet<>();
    for (String name : new String[] {told("TRUST_ANCHOR"), told("IMPLICIT_ANCHOR")}) {
      if (name.isEmpty()) continue;
      for (Certificate one : certificates(name)) anchors.add(new TrustAnchor((X509Certificate) one, null));
    }
    return anchors;
  }

  private static Collection<? extends Certificate> certificates(String name) throws Exception {
    try (InputStream file = new FileInputStream(name)) {
      return CertificateFactory.getInstance("X.509", "BC").generateCertificates(file);
    }
  }

  // Null, not an empty array, where revocation is not to be checked.
  private static CRL[] crls() throws Exception {
    if (told("CRLS").isEmpty()) return null;
    try (InputStream file = new FileInputStream(told("CRLS"))) {
      return CertificateFactory.getInstance("X.509", "BC").generateCRLs(file).toArray(new CRL[0]);
    }
  }

  private static KeyManagerFactory identity() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12", "BC");
    store.load(null, null);
    store.setKeyEntry("client", clientKey(), NO_PASSWORD, certificates(told("CLIENT_CERT")).toArray(new Certificate[0]));
    return JcaJceUtils.createKeyManagerFactory("PKIX", "BCJSSE", store, NO_PASSWORD);
  }

  private static PrivateKey clientKey() throws Exception {
    try (PEMParser parser = new PEMParser(new FileReader(told("CLIENT_KEY")))) {
      Object key = parser.readObject();
      PrivateKeyInfo info = key instanceof PEMKeyPair ? ((PEMKeyPair) key).getPrivateKeyInfo() : (PrivateKeyInfo) key;
      return new JcaPEMKeyConverter().setProvider("BC").getPrivateKey(info);
    }
  }

  private static ESTAuth authentication() throws Exception {
    if (told("USER").isEmpty()) return null;
    char[] password = Files.readString(Path.of(told("PASSWORD_FILE"))).strip().toCharArray();
    return new JcaHttpAuthBuilder(told("USER"), password).setProvider("BC").setNonceGenerator(new SecureRandom()).build();
  }

  // The library asks its user for the channel binding; its own TLS has it.
  private static final class TlsUnique implements ChannelBindingProvider {
    @Override
    public boolean canAccessChannelBinding(Socket socket) {
      return socket instanceof BCSSLSocket;
    }

    @Override
    public byte[] getChannelBinding(Socket socket, String binding) {
      return ((BCSSLSocket) socket).getConnection().getChannelBinding(binding);
    }
  }

  // --- Operations

  private static void fetchAnchors() throws Exception {
    CACertsResponse answer = service().getCACerts();
    if (!answer.hasCertificates()) throw new Exception("the answer to /cacerts holds no certificate");
    write("cacerts.pem", (Object[]) ESTService.storeToArray(answer.getCertificateStore()));
  }

  private static void fetchAttributes() throws Exception {
    if (!told("USER").isEmpty()) System.exit(77); // the call takes no credentials
    service().getCSRAttributes();
  }

  private static void enroll(boolean again, boolean linked) throws Exception {
    KeyPair keys = newKeys();
    PKCS10CertificationRequestBuilder request = request(again, keys);
    ContentSigner signer = signer(keys);
    ESTService service = service();
    EnrollmentResponse answer = linked ? service.simpleEnrollPoP(again, request, signer, authentication())
                                       : service.simpleEnroll(again, request.build(signer), authentication());
    keep(completed(service, answer), SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded()), keys.getPrivate());
  }

  private static void generate(boolean linked) throws Exception {
    KeyPair keys = newKeys();
    PKCS10CertificationRequestBuilder request = request(false, keys);
    ESTService service = service();
    EnrollmentResponse answer = linked ? service.simpleEnrollPopWithServersideCreation(request, signer(keys), authentication())
                                       : service.simpleEnrollWithServersideCreation(request.build(signer(keys)), authentication());
    answer = completed(service, answer);
    if (answer.getPrivateKeyInfo() == null) throw new Exception("no key came with the answer");
    write("key.pem", answer.getPrivateKeyInfo());
    write("certificate.pem", (Object[]) ESTService.storeToArray(answer.getStore()));
  }

  private static KeyPair newKeys() throws Exception {
    boolean rsa = told("KEY").equals("rsa-2048");
    KeyPairGenerator generator = KeyPairGenerator.getInstance(rsa ? "RSA" : "EC", "BC");
    if (rsa) generator.initialize(2048);
    else generator.initialize(new ECGenParameterSpec(told("KEY").equals("ec-p384") ? "secp384r1" : "secp256r1"));
    return generator.generateKeyPair();
  }

  private static ContentSigner signer(KeyPair keys) throws Exception {
    return new JcaContentSignerBuilder(keys.getPrivate().getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA")
        .setProvider("BC").build(keys.getPrivate());
  }

  // A renewal is for the names of the certificate (RFC 7030 4.2.2).
  private static PKCS10CertificationRequestBuilder request(boolean again, KeyPair keys) throws Exception {
    if (!again) return new JcaPKCS10CertificationRequestBuilder(new X500Name(RFC4519Style.INSTANCE, told("SUBJECT")), keys.getPublic());
    X509CertificateHolder former = new JcaX509CertificateHolder((X509Certificate) certificates(told("CLIENT_CERT")).iterator().next());
    PKCS10CertificationRequestBuilder request = new JcaPKCS10CertificationRequestBuilder(former.getSubject(), keys.getPublic());
    Extension names = former.getExtension(Extension.subjectAlternativeName);
    if (names != null) request.addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, new Extensions(names));
    return request;
  }

  private static EnrollmentResponse completed(ESTService service, EnrollmentResponse answer) throws Exception {
    long end = System.currentTimeMillis() + 1000L * Long.parseLong(told("WAIT"));
    while (!answer.isCompleted()) {
      if (answer.getNotBefore() > end) throw new Exception("the server wants to be asked again later");
      Thread.sleep(Math.max(0, answer.getNotBefore() - System.currentTimeMillis()));
      answer = service.simpleEnroll(answer);
    }
    return answer;
  }

  private static void keep(EnrollmentResponse answer, SubjectPublicKeyInfo key, PrivateKey secret) throws Exception {
    for (X509CertificateHolder one : ESTService.storeToArray(answer.getStore())) {
      if (!one.getSubjectPublicKeyInfo().equals(key)) continue;
      write("certificate.pem", one);
      write("key.pem", secret);
      return;
    }
    throw new Exception("no certificate of the answer is for the key of the request");
  }

  private static void write(String name, Object... things) throws Exception {
    try (JcaPEMWriter writer = new JcaPEMWriter(new FileWriter(out(name).toFile()))) {
      for (Object thing : things) writer.writeObject(thing);
    }
  }
}
