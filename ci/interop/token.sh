# A PKCS #11 token in software (SoftHSM) in the folder WORK, for recipes about keys that cannot be had. Sourced; WORK set. Exits 77 where there is none.
MODULE=$(find /usr/lib -name libsofthsm2.so -print -quit 2>/dev/null)
[ -n "$MODULE" ] && command -v softhsm2-util >/dev/null || { echo "no SoftHSM here; install softhsm2 and libengine-pkcs11-openssl"; exit 77; }

# token_start: an empty token named est; its PIN is in $WORK/pin.
token_start() {
  export SOFTHSM2_CONF=$WORK/softhsm2.conf PKCS11_MODULE_PATH=$MODULE
  mkdir -p "$WORK/tokens"
  printf 'directories.tokendir = %s\nobjectstore.backend = file\n' "$WORK/tokens" >"$SOFTHSM2_CONF"
  (umask 077 && openssl rand -hex 8 | tr -d '\n' >"$WORK/pin")
  softhsm2-util --init-token --free --label est --so-pin "$(cat "$WORK/pin")" --pin "$(cat "$WORK/pin")" >/dev/null
}
# token_import NAME FILE: the token keeps a private key (PKCS #8 PEM) and does not give it back.
token_import() {
  softhsm2-util --import "$2" --token est --label "$1" --id "$(printf %s "$1" | od -An -tx1 | tr -d ' \n')" --pin "$(cat "$WORK/pin")" >/dev/null
}
# token_make NAME TYPE: a new key, ec-p256 ... as the suite names them.
token_make() {
  local how
  case $2 in
    ec-p256) how="EC -pkeyopt ec_paramgen_curve:P-256" ;;
    ec-p384) how="EC -pkeyopt ec_paramgen_curve:P-384" ;;
    ec-p521) how="EC -pkeyopt ec_paramgen_curve:P-521" ;;
    rsa-*) how="RSA -pkeyopt rsa_keygen_bits:${2#rsa-}" ;;
    *) return 77 ;;
  esac
  # shellcheck disable=SC2086
  (umask 077 && openssl genpkey -algorithm $how -out "$WORK/$1.clear" 2>/dev/null)
  token_import "$1" "$WORK/$1.clear"
  rm -f "$WORK/$1.clear"
}
token_uri() { echo "pkcs11:token=est;object=$1;type=private"; }
