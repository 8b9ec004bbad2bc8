import { createSvgIcon } from "@mui/material/utils";

export default createSvgIcon(<path d="M6 4.6 12 10.6 18 4.6 19.4 6 13.4 12 19.4 18 18 19.4 12 13.4 6 19.4 4.6 18 10.6 12 4.6 6z" />, "Clear");
