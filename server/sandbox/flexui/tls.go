package flexui

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	authorityFile = "authority.pem" // certificate and key of the authority
	leafKeyFile   = "server.pem"    // key of the server, so that its hash stays the same
	validFor      = 825 * 24 * time.Hour
)

// names are what the server's certificate is for.
var names = []string{"*.twilio.com", "*.us1.twilio.com", "*.flex.twilio.com", "*.twiliocdn.com", "localhost"}

// authority is the sandbox's own certificate authority and the server's certificate.
type authority struct {
	leaf tls.Certificate
	spki string
	pem  []byte
}

// loadAuthority reads the authority of a directory, or makes one there. An empty directory name keeps it in memory.
func loadAuthority(dir string) (*authority, error) {
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	ca, caKey, err := loadCA(dir)
	if err != nil {
		return nil, err
	}
	key, err := loadKey(dir, leafKeyFile)
	if err != nil {
		return nil, err
	}
	der, err := makeLeaf(ca, caKey, key)
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(public)
	return &authority{
		leaf: tls.Certificate{Certificate: [][]byte{der, ca.Raw}, PrivateKey: key},
		spki: base64.StdEncoding.EncodeToString(hash[:]),
		pem:  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Raw}),
	}, nil
}

// loadCA reads the authority's certificate, or makes one where there is none or it ends soon.
func loadCA(dir string) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := loadKey(dir, "authority-key.pem")
	if err != nil {
		return nil, nil, err
	}
	if dir != "" {
		text, err := os.ReadFile(filepath.Join(dir, authorityFile))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, err
		}
		if block, _ := pem.Decode(text); block != nil {
			ca, err := x509.ParseCertificate(block.Bytes)
			if err == nil && time.Until(ca.NotAfter) > validFor/2 && key.PublicKey.Equal(ca.PublicKey) {
				return ca, key, nil
			}
		}
	}
	ca, err := makeCA(key)
	if err != nil {
		return nil, nil, err
	}
	return ca, key, save(dir, authorityFile, "CERTIFICATE", ca.Raw)
}

func makeCA(key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "flex-transfer sandbox authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(4 * validFor), IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, PermittedDNSDomainsCritical: true,
		PermittedDNSDomains: []string{"twilio.com", "twiliocdn.com", "localhost"},
		PermittedIPRanges:   []*net.IPNet{{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)}},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func makeLeaf(ca *x509.Certificate, caKey, key *ecdsa.PrivateKey) ([]byte, error) {
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "flex-transfer sandbox"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(validFor / 2), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, DNSNames: names,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	return x509.CreateCertificate(rand.Reader, template, ca, key.Public(), caKey)
}

func serial() *big.Int {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return new(big.Int).SetBytes(b[:])
}

// loadKey reads a key of a directory, or makes it.
func loadKey(dir, name string) (*ecdsa.PrivateKey, error) {
	if dir != "" {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if block, _ := pem.Decode(text); block != nil {
			key, err := x509.ParseECPrivateKey(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			return key, nil
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, save(dir, name, "EC PRIVATE KEY", der)
}

func save(dir, name, kind string, der []byte) error {
	if dir == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
