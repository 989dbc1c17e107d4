package nats

import (
	"bytes"
	"hash/crc32"
	"strings"
	"testing"
)

func TestPackedRecordsComeBack(t *testing.T) {
	for _, text := range []string{`{}`, `{"id":"a","state":{"version":2}}`, strings.Repeat(`{"id":"XT0123456789","mode":"cold"}`, 500)} {
		packed := pack([]byte(text))
		if back, err := unpack(packed); err != nil || string(back) != text {
			t.Errorf("%.40s: came back as %.40s, %v", text, back, err)
		}
	}
}

// Ledgers of before records were packed are read as they are.
func TestRecordsThatWereNotPackedAreRead(t *testing.T) {
	if back, err := unpack([]byte(`{"id":"a"}`)); err != nil || string(back) != `{"id":"a"}` {
		t.Errorf("%s, %v", back, err)
	}
}

func TestDamagedRecordsAreRefused(t *testing.T) {
	whole := pack([]byte(`{"id":"0123","state":{"version":2,"interactionSid":"KD"}}`))
	for name, data := range map[string][]byte{
		"unknown dictionary": {2, 1, 2}, "cut": whole[:len(whole)-3], "no length": {packedByDictionary1},
		"huge": {packedByDictionary1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0},
	} {
		if text, err := unpack(data); err == nil {
			t.Errorf("%s: read as %q", name, text)
		}
	}
}

// The dictionary is part of what lies in ledgers.
func TestDictionaryIsNotChanged(t *testing.T) {
	const sum = 1619828312
	if got := crc32.ChecksumIEEE(dictionary1.Bytes()); got != sum {
		t.Errorf("dictionary1 has changed (%d): records packed with it cannot be read any more; add a new one instead", got)
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(pack([]byte(`{"id":"a"}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = unpack(data)
		if back, err := unpack(pack(data)); err != nil || !bytes.Equal(back, data) {
			t.Errorf("%q came back as %q, %v", data, back, err)
		}
	})
}
