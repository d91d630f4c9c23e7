# Whether this machine reaches the others: a connection that is made or refused proves that packets pass.
# PEERS holds words of ADDRESS:PORT.
probe() {
  if has bash; then
    said=$(timeout "$PATIENCE" bash -c "exec 3<>/dev/tcp/$1/$2" 2>&1) && { echo connected; return 0; }
    code=$?
    case "$code $said" in
      124\ *) echo silent ;;
      *"Connection refused"*) echo refused ;;
      *) echo unreachable ;;
    esac
  elif has curl; then
    said=$(curl -sv --noproxy '*' --connect-timeout "$PATIENCE" --max-time "$PATIENCE" "http://$1:$2/" 2>&1 >/dev/null || :)
    case $said in
      *"Connected to"*) echo connected ;;
      *"onnection refused"*) echo refused ;;
      *"timed out"*) echo silent ;;
      *) echo unreachable ;;
    esac
  else echo unknown; fi
}
for peer in $PEERS; do
  address=${peer%:*}
  port=${peer##*:}
  case $address in \[*) address=${address#[}; address=${address%]} ;; esac
  (say reach "$peer $(probe "$address" "$port")") &
done
wait
say end reach
