/** README.txt of an export: how to check the folder, for who has never heard of Docket. */
export function exportReadme(origin: string, size: number): string {
  return `DOCKET EXPORT / EXPORT DOCKET
${origin}, ${size} entries / écritures

ENGLISH

This folder holds the whole ledger of one company: every entry as its producer wrote it, the
signatures of the gateway PCs, the Merkle tree over all entries (RFC 6962), the checkpoints that the
hub signed, the tables that follow from the entries, and the original documents.

To check it, with the Docket sources and without internet:

  npm run --silent hub -- verify FOLDER

It names the exact place of any changed byte. Compare the file "vkey" with the key that you were
given when the company was opened (GET /v1/log): the check is worth as much as that key.

  manifest          signed list of all files with their SHA-256 and length
  vkey              public key of the log (C2SP signed-note)
  checkpoint        newest signed checkpoint; checkpoints.jsonl holds those before it
  tile/             hashes of the tree and the leaves of all entries (C2SP tlog-tiles)
  entries/          bodies and salts; null where they were lawfully erased
  batches/          what each gateway PC signed
  projections/      stock, documents, allocations, findings: read from the ledger as it worked
  documents/        invoices and orders as they were received, named by their SHA-256
  sums              of this text and each document: the sum of its bytes, and of each times its place

FRANÇAIS

Ce dossier contient tout le registre d'une entreprise : chaque écriture telle que son producteur l'a
rédigée, les signatures des passerelles, l'arbre de Merkle de toutes les écritures (RFC 6962), les
points de contrôle signés par le serveur, les tables qui découlent des écritures et les documents
d'origine.

Pour le vérifier, avec les sources de Docket et sans internet :

  npm run --silent hub -- verify DOSSIER

La commande indique l'endroit exact de tout octet modifié. Comparez le fichier « vkey » avec la clé
qui vous a été remise à l'ouverture de l'entreprise (GET /v1/log) : la vérification vaut ce que vaut
cette clé.

  manifest          liste signée de tous les fichiers, avec leur SHA-256 et leur longueur
  vkey              clé publique du registre (C2SP signed-note)
  checkpoint        dernier point de contrôle signé ; les précédents sont dans checkpoints.jsonl
  tile/             empreintes de l'arbre et feuilles de toutes les écritures (C2SP tlog-tiles)
  entries/          contenus et sels ; null là où la loi a imposé l'effacement
  batches/          ce que chaque passerelle a signé
  projections/      stock, documents, affectations, écarts : lus dans le registre en service
  documents/        factures et commandes telles que reçues, nommées par leur SHA-256
  sums              de ce texte et de chaque document : somme des octets, simple et pondérée par leur place
`;
}
